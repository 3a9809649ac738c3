"""An Amazon SNS topic as a place to be told: what it takes to publish to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.exceptions import InvalidRequest

_ARN = re.compile(
    r"arn:(aws|aws-cn|aws-us-gov):sns:([a-z]{2}(?:-[a-z]{1,20}){1,3}-\d{1,2}):\d{12}:[A-Za-z0-9_-]{1,256}"
)
_KEY = re.compile(r"[A-Z0-9]{8,128}")
_SECRET = re.compile(r"[\x21-\x7e]{8,256}")
_FIELDS = ("topic_arn", "access_key_id", "secret_access_key", "endpoint")


@dataclass(frozen=True, slots=True)
class Topic:
    """`arn`, and the keys of somebody who may publish to it."""

    arn: str
    access_key_id: str
    secret_access_key: str = field(repr=False)

    @property
    def region(self) -> str:
        return self.arn.split(":")[3]

    @property
    def endpoint(self) -> str:
        """Amazon's own, for its region."""
        china = ".cn" if self.arn.startswith("arn:aws-cn:") else ""
        return f"https://sns.{self.region}.amazonaws.com{china}/"


def checked_topic(given: Mapping[str, Any]) -> tuple[Topic, str]:
    """The topic in `{topic_arn, access_key_id, secret_access_key, endpoint?}`, and the address to publish at. Raises
    InvalidRequest; whether that address may be called is still to be checked."""
    for name in given:
        if name not in _FIELDS:
            raise InvalidRequest.on(f"sns.{str(name)[:100]}", "There is no such field.", "unknown_field")
    topic = Topic(
        _matching(
            given, "topic_arn", _ARN, "Must be the ARN of a standard topic, such as arn:aws:sns:eu-west-1:…:events."
        ),
        _matching(given, "access_key_id", _KEY, "Must be the id of an access key."),
        _matching(given, "secret_access_key", _SECRET, "Must be the secret of that key."),
    )
    endpoint = given.get("endpoint")
    if endpoint is not None and not isinstance(endpoint, str):
        raise InvalidRequest.on("sns.endpoint", "Must be a string.", "type")
    return topic, endpoint or topic.endpoint


def _matching(given: Mapping[str, Any], name: str, pattern: re.Pattern[str], message: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidRequest.on(f"sns.{name}", message)
    return value

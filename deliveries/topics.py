"""Publishing to an Amazon SNS topic: its query protocol, signed with AWS's own signer, over the one guarded client."""

from collections.abc import Mapping
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from hub.webhooks.topics import Topic

_FORM = "application/x-www-form-urlencoded; charset=utf-8"


def published(topic: Topic, url: str, message: bytes, attributes: Mapping[str, str]) -> tuple[dict[str, str], bytes]:
    """The headers and the body of the call that publishes `message`. Subscriptions can filter by the attributes."""
    fields = {"Action": "Publish", "Version": "2010-03-31", "TopicArn": topic.arn, "Message": message.decode()}
    for number, (name, value) in enumerate(attributes.items(), start=1):
        entry = f"MessageAttributes.entry.{number}"
        fields |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}
    body = urlencode(fields).encode()
    request = AWSRequest("POST", url, headers={"Content-Type": _FORM}, data=body)
    SigV4Auth(Credentials(topic.access_key_id, topic.secret_access_key), "sns", topic.region).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}, body

"""Publishing through Amazon SNS, to a topic or to a number: its query protocol, signed with AWS's own signer (Signature
Version 4). boto3 itself would block a thread for each call, and retry on its own."""

from collections.abc import Mapping
from urllib.parse import urlencode

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_FORM = "application/x-www-form-urlencoded; charset=utf-8"


def signer_for(region: str, access_key_id: str, secret_access_key: str, session_token: str | None = None) -> SigV4Auth:
    """Who signs for whoever has these keys."""
    return SigV4Auth(Credentials(access_key_id, secret_access_key, session_token), "sns", region)


def published(
    url: str, fields: Mapping[str, str], attributes: Mapping[str, str], signer: SigV4Auth
) -> tuple[dict[str, str], bytes]:
    """The headers and the body of the call that publishes. `fields`: whereto, and the Message."""
    asked = {"Action": "Publish", "Version": "2010-03-31", **fields}
    for number, (name, value) in enumerate(attributes.items(), start=1):
        entry = f"MessageAttributes.entry.{number}"
        asked |= {f"{entry}.Name": name, f"{entry}.Value.DataType": "String", f"{entry}.Value.StringValue": value}
    body = urlencode(asked).encode()
    request = AWSRequest("POST", url, headers={"Content-Type": _FORM}, data=body)
    signer.add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}, body

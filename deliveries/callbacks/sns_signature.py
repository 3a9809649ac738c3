"""Amazon SNS posts: signed with a certificate that Amazon serves, and confirmed by a call to Amazon.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hub.callbacks.events import Call, Unverified
from hub.conf import conf
from hub.outbound import OutboundError, fetch

_HOST = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com(\.cn)?")
_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_OF_NOTIFICATIONS = frozenset({"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"})
_HASHES = {"1": hashes.SHA1, "2": hashes.SHA256}


def message_of(call: Call) -> dict[str, Any]:
    """The message that SNS posted. Raises Unverified when it is none."""
    try:
        message = orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise Unverified("it is no JSON") from error
    if not isinstance(message, dict) or not all(isinstance(value, str) for value in message.values()):
        raise Unverified("it is no message of SNS")
    return message


def verify(call: Call) -> None:
    """Raises Unverified unless Amazon has signed it."""
    message = message_of(call)
    algorithm = _HASHES.get(message.get("SignatureVersion", ""))
    if algorithm is None:
        raise Unverified("its signature is of no version that there is")
    key = _key(_amazons(message.get("SigningCertURL", "")))
    try:
        signature = base64.b64decode(message.get("Signature", ""), validate=True)
        key.verify(signature, _canonical(message), padding.PKCS1v15(), algorithm())
    except (InvalidSignature, ValueError) as error:
        raise Unverified("its signature is wrong") from error


def notification_in(call: Call) -> dict[str, Any] | None:
    """What a topic tells; None for its question whether we want that, which is answered, and for its farewell."""
    message = message_of(call)
    if message.get("Type") == "SubscriptionConfirmation":
        answer = fetch(_amazons(message.get("SubscribeURL", "")))
        if answer.status != 200:
            raise OutboundError(f"Amazon answered {answer.status}", sent=True)
    return message if message.get("Type") == "Notification" else None


def _canonical(message: dict[str, str]) -> bytes:
    names = [n for n in _SIGNED if n in message and (n in _OF_NOTIFICATIONS or message["Type"] != "Notification")]
    return "".join(f"{name}\n{message[name]}\n" for name in names).encode()


def _amazons(url: str) -> str:
    """`url`, if it is one of Amazon's: anybody can write a certificate."""
    parts = urlsplit(url)
    exempt = parts.netloc in conf.outbound_exempt
    if not exempt and not (parts.scheme == "https" and _HOST.fullmatch(parts.netloc)):
        raise Unverified("its certificate is not Amazon's")
    return url


@lru_cache(maxsize=32)
def _key(url: str) -> RSAPublicKey:
    try:
        answer = fetch(url, timeout=3)
        key = x509.load_pem_x509_certificate(answer.body).public_key()
    except (OutboundError, ValueError) as error:
        raise Unverified("its certificate can't be had") from error
    if not isinstance(key, RSAPublicKey):
        raise Unverified("its certificate is none for signatures")
    return key

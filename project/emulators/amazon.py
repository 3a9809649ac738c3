"""What SNS and SES share: who is asking, and notifications signed as SNS signs them (version 2, SHA-256)."""

import base64
import json
import re
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from project.emulators.callbacks import Callback
from project.emulators.request import Request
from project.emulators.script import Refusal, Reply

ACCESS_KEY, SECRET_KEY = "AKIAEMULATED", "emulated-secret"
AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/[a-z0-9-]+/(?P<service>\w+)/aws4_request, "
    r"SignedHeaders=[a-z0-9;-]*host[a-z0-9;-]*, Signature=[0-9a-f]{64}"
)
CERTIFICATE = "/SimpleNotificationService-emulated.pem"
SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


def check_signed(request: Request, service: str, *, missing: str, unknown: str) -> None:
    """That the request is signed, and by a key there is; the signature itself is taken on trust."""
    found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if found is None or found["service"] != service or "x-amz-date" not in request.headers:
        raise Refusal(403, missing, "Request is missing Authentication Token")
    if found["key"] != ACCESS_KEY:
        raise Refusal(403, unknown, "The security token included in the request is invalid.")


class Notifier:
    """Signs what SNS posts to the subscribers of a topic."""

    def __init__(self, topic: str) -> None:
        self.topic = topic

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @cached_property
    def certificate(self) -> bytes:
        """PEM of the certificate at `SigningCertURL`."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        signed = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=365))
            .sign(self._key, hashes.SHA256())
        )
        return signed.public_bytes(Encoding.PEM)

    def notification(self, url: str, message: object, *, at: datetime, base: str) -> Callback:
        return self._signed(url, {"Type": "Notification", "Message": json.dumps(message)}, at, base)

    def confirmation(self, url: str, *, at: datetime, base: str) -> Callback:
        """The first thing that SNS posts to a new subscriber, who is to open `SubscribeURL`."""
        token = secrets.token_hex(32)
        text = f"You have chosen to subscribe to the topic {self.topic}."
        more = {"Token": token, "SubscribeURL": f"{base}/?Action=ConfirmSubscription&Token={token}"}
        return self._signed(url, {"Type": "SubscriptionConfirmation", "Message": text, **more}, at, base)

    def _signed(self, url: str, fields: dict[str, str], at: datetime, base: str) -> Callback:
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        whole = {**fields, "MessageId": str(uuid.uuid4()), "TopicArn": self.topic, "Timestamp": stamp}
        text = "".join(f"{name}\n{whole[name]}\n" for name in SIGNED if name in whole)
        signature = self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        whole |= {"SignatureVersion": "2", "Signature": base64.b64encode(signature).decode()}
        whole |= {"SigningCertURL": f"{base}{CERTIFICATE}", "UnsubscribeURL": f"{base}/?Action=Unsubscribe"}
        headers = {
            "content-type": "text/plain; charset=UTF-8",
            "x-amz-sns-message-type": whole["Type"],
            "x-amz-sns-message-id": whole["MessageId"],
            "x-amz-sns-topic-arn": self.topic,
        }
        return Callback(url, json.dumps(whole).encode(), headers)

    def certificate_reply(self, request: Request) -> Reply | None:
        """The certificate or the confirmation, if that is what is asked for."""
        if request.method != "GET":
            return None
        body = self.certificate if request.path == CERTIFICATE else b"<ConfirmSubscriptionResponse/>"
        return Reply(200, body, {"content-type": "text/plain"})

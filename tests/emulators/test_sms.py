"""The SMS providers' emulators: what they take, how each tells that it doesn't, and how receipts are signed."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import boto3
import pytest
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from twilio.request_validator import RequestValidator

from project.emulators.africas_talking import AfricasTalking
from project.emulators.amazon import ACCESS_KEY, SECRET_KEY
from project.emulators.beem import Beem
from project.emulators.http_sms import HttpSms
from project.emulators.recorder import Recorder
from project.emulators.script import Refusal
from project.emulators.sns import Sns
from project.emulators.twilio import Twilio
from project.emulators.vonage import Vonage
from tests.emulators.http import Answer, basic, post

PHONE = "+4915112345678"
recorder = Recorder()
twilio, vonage, sns = Twilio(recorder), Vonage(recorder), Sns(recorder)
africas_talking, beem, http_sms = AfricasTalking(recorder), Beem(recorder), HttpSms(recorder)
EVERY = (twilio, vonage, sns, africas_talking, beem, http_sms)


def by_twilio(to: str = PHONE, token: str = twilio.token, **more: str) -> Answer:
    url = f"{twilio.url}/2010-04-01/Accounts/{twilio.account}/Messages.json"
    form = {"To": to, "From": "+15005550006", "Body": "Hello", "StatusCallback": "http://hub/twilio?d=1", **more}
    return post(url, form=form, authorization=basic(twilio.account, token))


def by_vonage(to: str = PHONE[1:], secret: str = vonage.secret) -> Answer:
    form = {"api_key": vonage.key, "api_secret": secret, "to": to, "from": "Shop", "text": "Hello"}
    return post(f"{vonage.url}/sms/json", form=form)


def by_africas_talking(to: str = PHONE, key: str = africas_talking.key) -> Answer:
    form = {"username": "sandbox", "to": to, "message": "Hello"}
    return post(f"{africas_talking.url}/version1/messaging", form=form, apikey=key)


def by_beem(to: str = PHONE[1:], secret: str = beem.secret) -> Answer:
    recipients = [{"recipient_id": "1", "dest_addr": to}]
    content = {"source_addr": "Shop", "encoding": 0, "message": "Hello", "recipients": recipients}
    return post(f"{beem.url}/v1/send", content=content, authorization=basic(beem.key, secret))


def by_http(to: str = PHONE) -> Answer:
    return post(http_sms.url, content={"to": to, "text": "Hello"})


@pytest.mark.parametrize("send", [by_twilio, by_vonage, by_africas_talking, by_beem, by_http])
def test_an_sms_is_taken_and_recorded(send: Callable[[], Answer]) -> None:
    answer = send()
    (message,) = recorder.taken()
    assert answer.status in (200, 201)
    assert message.to.removeprefix("+") == PHONE[1:]
    assert message.body == "Hello"
    assert message.id in answer.body.decode()


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (lambda: by_twilio(token="wrong"), 401, lambda a: a.json["code"] == 20003),
        (lambda: by_twilio("12"), 400, lambda a: a.json["code"] == 21211),
        (lambda: by_vonage(secret="wrong"), 200, lambda a: a.json["messages"][0]["status"] == "4"),
        (lambda: by_vonage("+49"), 200, lambda a: a.json["messages"][0]["status"] == "3"),
        (lambda: by_africas_talking(key="wrong"), 401, lambda a: b"invalid" in a.body),
        (lambda: by_africas_talking("12"), 201, lambda a: statuses(a) == [403]),
        (lambda: by_beem(secret="wrong"), 401, lambda a: a.json["data"]["code"] == 120),
        (lambda: by_beem("x"), 400, lambda a: a.json["data"]["code"] == 101),
        (lambda: by_http(""), 400, lambda a: True),
    ],
)
def test_what_is_refused(answer: Callable[[], Answer], status: int, code: Callable[[Answer], bool]) -> None:
    given = answer()
    assert given.status == status
    assert code(given)
    assert not recorder.taken()


def statuses(answer: Answer) -> list[int]:
    return [one["statusCode"] for one in answer.json["SMSMessageData"]["Recipients"]]


def test_throttling_in_each_ones_words() -> None:
    for emulator in EVERY:
        emulator.script.always(Refusal(429, retry_after=3))
    assert (by_twilio().json["code"], by_twilio().headers["retry-after"]) == (20429, "3")
    assert (by_vonage().status, by_vonage().json["messages"][0]["status"]) == (200, "1")
    assert [send().status for send in (by_africas_talking, by_beem, by_http)] == [429] * 3
    with pytest.raises(ClientError) as refused:
        aws("sns").publish(PhoneNumber=PHONE, Message="Hello")
    assert refused.value.response["Error"]["Code"] == "Throttling"


def test_twilios_own_validator_believes_the_receipts() -> None:
    by_twilio()
    (message,) = recorder.taken()
    validator = RequestValidator(twilio.token)
    for callback in (
        twilio.status(message, "delivered"),
        twilio.incoming("http://hub/in", sender=PHONE, to="+1500", body="STOP & go"),
    ):
        fields = dict(parse_qsl(callback.body.decode()))
        assert validator.validate(callback.url, fields, callback.headers["x-twilio-signature"])
        assert not validator.validate(callback.url, {**fields, "From": "+1"}, callback.headers["x-twilio-signature"])


def test_vonages_receipts_are_signed_over_their_fields() -> None:
    by_vonage()
    fields = json.loads(vonage.status(recorder.taken()[0], "delivered", url="http://hub/vonage").body)
    signed = "".join(f"&{name}={fields[name]}" for name in sorted(fields) if name != "sig")
    assert fields["sig"] == hmac.new(b"vonage-signature-secret", signed.encode(), hashlib.sha256).hexdigest()
    assert fields["messageId"] == recorder.taken()[0].id


def test_receipts_of_those_who_sign_nothing_name_the_message() -> None:
    by_africas_talking()
    by_beem()
    one, other = recorder.taken()
    assert one.id.encode() in africas_talking.status(one, "Success", url="http://hub/at").body
    assert json.loads(beem.status(other, "DELIVERED", url="http://hub/beem").body)["request_id"] == int(other.id)


def aws(service: str, key: str = ACCESS_KEY) -> BaseClient:
    return boto3.client(
        service,
        region_name="eu-west-1",
        aws_access_key_id=key,
        aws_secret_access_key=SECRET_KEY,
        endpoint_url=sns.url,
        config=Config(retries={"total_max_attempts": 1}),
    )


def test_boto3_publishes_an_sms_and_an_event() -> None:
    sender = {"AWS.SNS.SMS.SenderID": {"DataType": "String", "StringValue": "Shop"}}
    sms = aws("sns").publish(PhoneNumber=PHONE, Message="Hello", MessageAttributes=sender)
    event = aws("sns").publish(TopicArn=sns.notifier.topic, Message="{}", Subject="s")
    one, other = recorder.taken("sns")
    assert (one.id, one.channel, one.sender, one.body) == (sms["MessageId"], "sms", "Shop", "Hello")
    assert (other.id, other.channel, other.to) == (event["MessageId"], "sink", sns.notifier.topic)


@pytest.mark.parametrize(
    ("key", "phone", "code"),
    [("AKIAOTHER", PHONE, "InvalidClientTokenId"), (ACCESS_KEY, "12", "InvalidParameter")],
)
def test_boto3_hears_what_is_refused(key: str, phone: str, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        aws("sns", key).publish(PhoneNumber=phone, Message="Hello")
    assert refused.value.response["Error"]["Code"] == code


def test_notifications_of_a_topic_are_signed_by_the_certificate_that_they_name() -> None:
    callback = sns.notification("http://hub/sns", {"status": "delivered"})
    fields: dict[str, Any] = json.loads(callback.body)
    names = ("Message", "MessageId", "Timestamp", "TopicArn", "Type")
    signed = "".join(f"{name}\n{fields[name]}\n" for name in names).encode()
    key = x509.load_pem_x509_certificate(sns.notifier.certificate).public_key()
    key.verify(base64.b64decode(fields["Signature"]), signed, padding.PKCS1v15(), hashes.SHA256())

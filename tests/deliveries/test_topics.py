"""An Amazon SNS topic is told as an endpoint is: over the same client, signed for Amazon, with the hub's signature inside."""

import hashlib
import hmac
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import boto3
import pytest
from pytest_django import Settings
from standardwebhooks import Webhook as Verifier

from deliveries.publishing import published, signer_for
from hub.tenancy.models import Tenant
from hub.webhooks.models import Webhook
from hub.webhooks.services import create_webhook
from hub.webhooks.topics import Topic
from project.emulators.amazon import ACCESS_KEY, SECRET_KEY
from project.emulators.recorder import Recorder
from project.emulators.script import Refusal
from project.emulators.serving import serving
from project.emulators.sns import Sns
from tests.support.outbound import let_in
from tests.support.receiver import Got, running_receiver
from tests.support.webhooks import owe_event, post

ARN = "arn:aws:sns:eu-west-1:123456789012:events"


@pytest.fixture
def sns(settings: Settings) -> Iterator[Sns]:
    emulator = Sns(Recorder())
    with serving(emulator):
        let_in(settings, emulator.url)
        yield emulator


def make_topic(tenant: Tenant, endpoint: str) -> Webhook:
    keys = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY}
    return create_webhook(tenant=tenant, sns={"topic_arn": ARN, "endpoint": endpoint, **keys}, events=["*"])


def test_an_event_is_published_with_its_signature(tenant: Tenant, sns: Sns) -> None:
    webhook = make_topic(tenant, f"{sns.url}/")
    delivery = owe_event(webhook, data={"id": "ü & <1>"})
    post()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries.get().status) == ("delivered", 200)
    [message] = sns.recorder.taken("sns")
    assert message.to == ARN
    named = attributes(message.asked)
    assert named.pop("type") == "item.read"
    assert named["webhook-id"] == str(delivery.pk)
    event = Verifier(webhook.secret).verify(message.body, named)
    assert (event["type"], event["data"]) == ("item.read", {"id": "ü & <1>"})


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(Refusal(403, "AuthorizationError"), 403), (Refusal(404, "NotFound"), 404), (Refusal(429, "Throttling"), 429)],
)
def test_what_amazon_refuses_is_tried_again(tenant: Tenant, sns: Sns, refusal: Refusal, status: int) -> None:
    webhook = make_topic(tenant, sns.url)
    sns.script.always(refusal)
    delivery = owe_event(webhook)
    post()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries.get().status) == ("waiting", status)
    assert refusal.code in delivery.tries.get().answer
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.disabled_at) == (1, None)


def test_amazon_can_verify_what_arrives(tenant: Tenant, settings: Settings) -> None:
    """By Signature Version 4 as it is written down, over the request as it came."""
    with running_receiver() as receiver:
        let_in(settings, receiver.url())
        owe_event(make_topic(tenant, receiver.url("/")))
        post()
    [got] = receiver.got
    assert signature(got) == got.headers["authorization"].partition("Signature=")[2]
    assert SECRET_KEY.encode() not in got.body
    assert SECRET_KEY not in str(got.headers)


def test_it_says_what_boto3_says() -> None:
    """Amazon's own client as an oracle for the fields."""
    message = {"TopicArn": ARN, "Message": '{"a":"ü&="}'}
    typed = {
        name: {"DataType": "String", "StringValue": value} for name, value in {"type": "t", "webhook-id": "1"}.items()
    }
    client = boto3.client(
        "sns", region_name="eu-west-1", aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY
    )
    sent: list[bytes] = []

    def keep(request: Any, **_: Any) -> None:
        sent.append(request.body)
        raise InterruptedError

    client.meta.events.register("before-send.sns.Publish", keep)
    with pytest.raises(InterruptedError):
        client.publish(**message, MessageAttributes=typed)
    topic, signer = Topic(ARN, ACCESS_KEY, SECRET_KEY), signer_for("eu-west-1", ACCESS_KEY, SECRET_KEY)
    _, body = published(topic.endpoint, message, {"type": "t", "webhook-id": "1"}, signer)
    oracle = sent[0] if isinstance(sent[0], bytes) else str(sent[0]).encode()
    assert dict(parse_qsl(body.decode())) == dict(parse_qsl(oracle.decode()))
    assert urlsplit(client.meta.endpoint_url).netloc == urlsplit(topic.endpoint).netloc


def attributes(form: Any) -> dict[str, str]:
    return {
        value: form[name.removesuffix(".Name") + ".Value.StringValue"]
        for name, value in form.items()
        if name.endswith(".Name")
    }


def signature(got: Got) -> str:
    stamp = got.headers["x-amz-date"]
    names = got.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = "".join(f"{name}:{got.headers[name]}\n" for name in names)
    canonical = f"POST\n/\n\n{headers}\n{';'.join(names)}\n{hashlib.sha256(got.body).hexdigest()}"
    scope = f"{stamp[:8]}/eu-west-1/sns/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

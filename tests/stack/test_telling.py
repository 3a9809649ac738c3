"""The outbox tells the hub what becomes of a message: by itself that it was delivered, the rest when a button is pressed."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

import pytest

from project.emulators.mailgun import Mailgun
from project.emulators.twilio import Twilio, signature
from project.stack.ports import free_port
from tests.emulators.http import basic, post
from tests.stack.test_mailbox import start
from tests.support.receiver import Receiver, running_receiver, says
from tests.support.waiting import wait_until

TEXT = {"To": "+4915112345678", "From": "+15005550006", "Body": "Hello"}


class Outside(NamedTuple):
    """The outbox's page, the emulators, and the hub's place, where a receiver notes what it is told."""

    page: str
    emulators: str
    hub: Receiver

    def tell(self, message: str, fate: str, *, origin: str = "") -> tuple[int, dict[str, int]]:
        """Press a button on the page, or do it from another one."""
        parts = urlsplit(self.page)
        connection = http.client.HTTPConnection(parts.netloc, timeout=20)
        path = f"/message/{message}/tell?fate={fate}"
        connection.request("POST", path, headers={"Origin": origin or f"http://{parts.netloc}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, json.loads(body) if answer.status == 200 else {}

    def newest(self) -> dict[str, object]:
        connection = http.client.HTTPConnection(urlsplit(self.page).netloc, timeout=20)
        connection.request("GET", "/api/outbox?limit=1")
        (message,) = json.loads(connection.getresponse().read())["messages"]
        connection.close()
        return dict(message)

    def send_text(self, callback: str) -> str:
        """A text that Twilio's emulator takes; returns its id in the outbox."""
        url = f"{self.emulators}/twilio/2010-04-01/Accounts/{Twilio.account}/Messages.json"
        known = basic(Twilio.account, Twilio.token)
        assert post(url, form=TEXT | {"StatusCallback": callback}, authorization=known).status == 201
        return str(self.newest()["id"])

    def told(self, path: str) -> list[dict[str, str]]:
        return [dict(parse_qsl(got.body.decode())) for got in self.hub.at(path)]


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    folder: Path = tmp_path_factory.mktemp("telling")
    port = free_port()
    with running_receiver() as hub:
        hub.act = says(200)
        (folder / "demo.json").write_text(json.dumps({"callbacks": {"mailgun": hub.url("/mailgun")}}))
        running = start(folder, (port, free_port(), folder / "emulators"), demo=folder / "demo.json")
        yield Outside(running.url, f"http://127.0.0.1:{port}", hub)
        running.child.stop()


def test_a_text_is_delivered_by_itself_to_the_address_that_it_came_with(outside: Outside) -> None:
    url = outside.hub.url("/twilio")
    outside.send_text(url)
    wait_until(lambda: bool(outside.told("/twilio")))
    (told,) = outside.told("/twilio")
    assert (told["MessageStatus"], told["To"]) == ("delivered", TEXT["To"])
    (got,) = outside.hub.at("/twilio")
    assert got.headers["x-twilio-signature"] == signature(Twilio.token, url, told)
    wait_until(lambda: outside.newest()["told"] == ["delivered"])


def test_a_person_answers_when_the_button_is_pressed(outside: Outside) -> None:
    text = outside.send_text(outside.hub.url("/stop"))
    assert outside.tell(text, "STOP") == (200, {"status": 200})
    (stop,) = [told for told in outside.told("/stop") if "Body" in told]
    assert (stop["Body"], stop["From"], stop["To"]) == ("STOP", TEXT["To"], TEXT["From"])
    assert "STOP" in str(outside.newest()["told"])


def test_a_mails_service_tells_where_the_demo_says(outside: Outside) -> None:
    mail = {"to": "bob@example.com", "from": "hub@example.com", "subject": "Hello", "text": "Hello"}
    url, known = f"{outside.emulators}/mailgun/v3/example.com/messages", basic("api", Mailgun.key)
    assert post(url, form=mail, authorization=known).status == 200
    assert outside.tell(str(outside.newest()["id"]), "bounce") == (200, {"status": 200})
    events = [json.loads(got.body)["event-data"] for got in outside.hub.at("/mailgun")]
    assert {"event": "failed", "severity": "permanent", "recipient": mail["to"]}.items() <= next(
        event.items() for event in events if event["event"] == "failed"
    )


def test_what_the_hub_does_not_take_is_not_told(outside: Outside) -> None:
    outside.hub.behaviours["/refusing"] = says(403)
    text = outside.send_text(outside.hub.url("/refusing"))
    assert outside.tell(text, "failed") == (200, {"status": 403})
    assert outside.newest()["told"] == []
    nobody = outside.send_text(f"http://127.0.0.1:{free_port()}/")
    assert outside.tell(nobody, "failed") == (200, {"status": 0})
    assert outside.newest()["told"] == []


def test_another_page_can_not_press_it(outside: Outside) -> None:
    text = outside.send_text(outside.hub.url("/elsewhere"))
    for origin in ("http://evil.example", "null"):
        assert outside.tell(text, "STOP", origin=origin) == (403, {})
    for message, fate in ((text, "reboot"), (text, ""), ("nothing", "STOP")):
        assert outside.tell(message, fate) == (404, {})
    assert [told for told in outside.told("/elsewhere") if "Body" in told] == []

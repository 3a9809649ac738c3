"""The receiver lets in what GitHub has signed, and says that it was kept only when it was."""

import json

import pytest

from examples.github.app import arguments
from examples.github.conftest import Receivers, post, signed
from examples.github.hub import Hub
from project.stack.ports import free_port

PING = json.dumps({"zen": "Keep it logically awesome.", "sender": {"login": "mona", "type": "User"}}).encode()
# Nobody listens there, so what gets through is answered with 502.
AWAY = Hub(f"http://127.0.0.1:{free_port()}", "hub_key")


@pytest.mark.parametrize("signature", ["", "sha256=", "nonsense", signed(PING, "another secret"), signed(PING + b" ")])
def test_a_bad_signature_is_refused(receiver: Receivers, signature: str) -> None:
    status, answer = post(receiver(AWAY), PING, X_Hub_Signature_256=signature)
    assert (status, answer["forwarded"]) == (401, False)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b"null"])
def test_a_body_that_is_no_payload_is_refused(receiver: Receivers, body: bytes) -> None:
    assert post(receiver(AWAY), body)[0] == 400


@pytest.mark.parametrize("name", ["X_GitHub_Event", "X_GitHub_Delivery"])
@pytest.mark.parametrize("value", ["", "two words", "x" * 201])
def test_a_header_that_is_missing_or_none_is_refused(receiver: Receivers, name: str, value: str) -> None:
    assert post(receiver(AWAY), PING, **{name: value})[0] == 400


def test_a_body_without_bounds_is_refused(receiver: Receivers) -> None:
    assert post(receiver(AWAY), PING, Content_Length=str(26 * 1024 * 1024))[0] == 413


def test_a_webhook_that_concerns_nobody_is_settled(receiver: Receivers) -> None:
    assert post(receiver(AWAY), b"{}") == (202, {"forwarded": False, "reason": "it concerns nobody"})


def test_while_the_hub_is_away_nothing_is_said_to_be_kept(
    receiver: Receivers, capsys: pytest.CaptureFixture[str]
) -> None:
    status, answer = post(receiver(AWAY), PING)
    assert (status, answer["forwarded"]) == (502, False)
    assert answer["reason"].startswith("the hub can't be reached")
    assert capsys.readouterr().out == f"502: {answer['reason']}\n"


def test_what_the_hub_refuses_is_not_said_to_be_kept(receiver: Receivers) -> None:
    """A receiver refuses what GitHub has not signed, so one of them can stand for a hub that refuses."""
    refusing = Hub(receiver(AWAY).url, "hub_key")
    status, answer = post(receiver(refusing), PING)
    assert (status, answer["reason"]) == (502, "the hub answered 401: no detail")


def test_the_secrets_are_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("HUB_API_KEY", raising=False)
    monkeypatch.setenv("GITHUB_WEBHOOK_SECRET", "from the environment")
    assert arguments(["--key", "hub_1"]).secret == "from the environment"
    with pytest.raises(SystemExit):
        arguments([])
    assert "--key is missing" in capsys.readouterr().err

"""What `make run` tells the hub about the emulators fits both sides."""

import json
from pathlib import Path

from pytest_django import Settings

from hub.providers.accounts import Account
from hub.providers.kinds import kind_class
from hub.providers.settings import check_config
from project.emulators.accounts import accounts, write_accounts
from project.emulators.every import every
from project.emulators.recorder import Recorder
from project.settings import demo_providers


def test_every_account_is_one_that_its_provider_understands(tmp_path: Path, settings: Settings) -> None:
    """A new kind of provider must understand what is written for it here, or have it put right."""
    settings.HUB = settings.HUB | {"outbound_exempt": ("127.0.0.1:1", "127.0.0.1:2")}
    for key, given in accounts(tmp_path, port=1, apns_port=2).items():
        kind = kind_class(given["kind"])
        config = check_config(kind.settings, {name: value for name, value in given.items() if name != "kind"}, {})
        kind(Account(f"hub.{key}", given["kind"], key, kind.channel, 1, config))


def test_they_are_written_for_their_owner_alone_and_stay_the_same(tmp_path: Path) -> None:
    file = write_accounts(tmp_path / "emulators", port=1, apns_port=2)
    first = file.read_text()
    assert write_accounts(tmp_path / "emulators", port=1, apns_port=2).read_text() == first
    assert all(one.stat().st_mode & 0o077 == 0 for one in file.parent.iterdir() if one.suffix == ".json")
    assert file.parent.stat().st_mode & 0o077 == 0


def test_there_is_an_account_with_every_emulator_and_one_of_mail(tmp_path: Path) -> None:
    there = {emulator.name for emulator in every(tmp_path, Recorder()) if emulator.channel != "email"}
    assert accounts(tmp_path, port=1, apns_port=2).keys() == there | {"mailgun"}


def test_whoever_has_a_mail_server_has_mail_go_there(tmp_path: Path) -> None:
    file = write_accounts(tmp_path, port=1, apns_port=2, mail=False)
    assert "mailgun" not in json.loads(file.read_text())


def test_the_demos_settings_take_them(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps({"texts": {"kind": "twilio"}}))
    assert list(demo_providers(str(file)).items()) == [("texts", {"kind": "twilio"}), ("mail", {"kind": "django"})]
    assert demo_providers("") == {"mail": {"kind": "django"}}

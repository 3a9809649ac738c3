"""The demo's accounts with the emulators, as `HUB["providers"]` wants them: what each emulator believes, and its address."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from project.emulators.africas_talking import AfricasTalking
from project.emulators.amazon import ACCESS_KEY, SECRET_KEY
from project.emulators.apns import KEY_ID, TEAM_ID
from project.emulators.beem import Beem
from project.emulators.certificate import make_certificate
from project.emulators.chat_webhook import SIGNING_SECRET
from project.emulators.discord import Discord
from project.emulators.fcm import Fcm
from project.emulators.keys import kept_ec, kept_rsa, pem_of
from project.emulators.mailgun import Mailgun
from project.emulators.slack import Slack
from project.emulators.telegram import Telegram
from project.emulators.twilio import Twilio
from project.emulators.vonage import Vonage
from project.emulators.web_push import base64url

HOST = "127.0.0.1"


def write_accounts(folder: Path, *, port: int, apns_port: int, mail: bool = True) -> Path:
    """Write them to a file in `folder`, for its owner alone, beside the keys that they need; returns the file. `mail`: whether
    mail goes by an emulator, too."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / "accounts.json"
    file.touch(mode=0o600)
    found = accounts(folder, port=port, apns_port=apns_port)
    if not mail:
        del found["mailgun"]
    file.write_text(json.dumps(found, indent=2) + "\n")
    return file


def accounts(folder: Path, *, port: int, apns_port: int) -> dict[str, dict[str, Any]]:
    """The first of a channel carries its messages, the next where that one fails; a device has a kind of its own."""
    base = f"http://{HOST}:{port}"
    return {**pushes(folder, base, apns_port), **mails(base), **texts(base), **chats(base)}


def pushes(folder: Path, base: str, apns_port: int) -> dict[str, dict[str, Any]]:
    certificate, _ = make_certificate(folder)
    fcm = Fcm()
    fcm.key, fcm.url = kept_rsa(folder / "fcm.pem"), f"{base}/fcm"
    apple = {"key": pem_of(kept_ec(folder / "apns.pem")), "key_id": KEY_ID, "team_id": TEAM_ID}
    vapid = kept_ec(folder / "vapid.pem")
    public = vapid.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"private_key": pem_of(vapid), "public_key": base64url(public), "subject": "mailto:hub@example.com"}
    return {
        "fcm": {"kind": "fcm", "service_account": fcm.service_account(), "url": fcm.url},
        "apns": {
            **{"kind": "apns", **apple, "topic": "com.example.demo"},
            **{"url": f"https://{HOST}:{apns_port}", "ca_file": str(certificate)},
        },
        "web_push": {"kind": "web_push", **keys},
    }


def mails(base: str) -> dict[str, dict[str, Any]]:
    """One service, as what becomes of a mail that went by SMTP is told by nobody."""
    known = {"api_key": Mailgun.key, "callback_secret": Mailgun.signing_key, "domain": "example.com"}
    return {"mailgun": {"kind": "anymail", "esp": "mailgun", **known, "url": f"{base}/mailgun/v3/"}}


def texts(base: str) -> dict[str, dict[str, Any]]:
    number, name = "+15005550006", "Shop"
    twilio = {"account_sid": Twilio.account, "auth_token": Twilio.token, "from": number}
    vonage = {"api_key": Vonage.key, "api_secret": Vonage.secret, "from": name}
    vonage["callback_secret"] = Vonage.signature_secret
    sns = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY, "region": "eu-west-1", "from": name}
    africas_talking = {"username": AfricasTalking.username, "api_key": AfricasTalking.key}
    beem = {"api_key": Beem.key, "secret_key": Beem.secret, "from": name}
    given = {"twilio": twilio, "vonage": vonage, "sns": sns, "africas_talking": africas_talking, "beem": beem}
    given["http_sms"] = {}
    return {kind: {"kind": kind, **config, "url": f"{base}/{kind}"} for kind, config in given.items()}


def chats(base: str) -> dict[str, dict[str, Any]]:
    given = {
        "slack": {"token": Slack.token},
        "telegram": {"token": Telegram.token},
        "discord": {"token": Discord.token},
    }
    named = {kind: {"kind": kind, **config, "url": f"{base}/{kind}"} for kind, config in given.items()}
    return {**named, "teams": {"kind": "teams"}, "chat_webhook": {"kind": "chat_webhook", "secret": SIGNING_SECRET}}

"""Every emulator there is, sharing a recorder and a clock."""

from pathlib import Path

from project.emulators.africas_talking import AfricasTalking
from project.emulators.apns import Apns
from project.emulators.base import Emulator
from project.emulators.beem import Beem
from project.emulators.chat_webhook import SIGNING_SECRET, ChatWebhook
from project.emulators.clock import Clock
from project.emulators.discord import Discord
from project.emulators.fcm import Fcm
from project.emulators.http_sms import HttpSms
from project.emulators.keys import kept_ec, kept_rsa
from project.emulators.mailgun import Mailgun
from project.emulators.postmark import Postmark
from project.emulators.recorder import Recorder
from project.emulators.sendgrid import SendGrid
from project.emulators.ses import Ses
from project.emulators.slack import Slack
from project.emulators.sns import Sns
from project.emulators.teams import Teams
from project.emulators.telegram import Telegram
from project.emulators.twilio import Twilio
from project.emulators.vonage import Vonage
from project.emulators.web_push import WebPush

PLAIN: tuple[type[Emulator], ...] = (
    *(WebPush, Twilio, Vonage, Sns, AfricasTalking, Beem, HttpSms),
    *(Slack, Teams, Discord, Telegram, SendGrid, Mailgun, Postmark, Ses),
)


def every(folder: Path, recorder: Recorder) -> list[Emulator]:
    """Those that hold keys of the sender's have them from `folder`."""
    clock = Clock()
    fcm, apns = Fcm(recorder, clock), Apns(recorder, clock)
    fcm.key = kept_rsa(folder / "fcm.pem")
    apns.know_key(kept_ec(folder / "apns.pem"))
    webhook = ChatWebhook(recorder, clock)
    webhook.secret = SIGNING_SECRET
    return [fcm, apns, webhook, *(kind(recorder, clock) for kind in PLAIN)]

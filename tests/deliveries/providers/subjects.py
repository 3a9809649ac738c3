"""Who is put to the table: each provider that has an emulator, and where it means something else than all the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from project.emulators.africas_talking import AfricasTalking
from project.emulators.amazon import ACCESS_KEY, SECRET_KEY
from project.emulators.base import Emulator
from project.emulators.beem import Beem
from project.emulators.chat_webhook import SIGNING_SECRET, ChatWebhook
from project.emulators.discord import Discord
from project.emulators.fcm import Fcm
from project.emulators.http_sms import HttpSms
from project.emulators.mailgun import Mailgun
from project.emulators.postmark import Postmark
from project.emulators.sendgrid import SendGrid
from project.emulators.ses import Ses
from project.emulators.slack import Slack
from project.emulators.sns import Sns
from project.emulators.teams import Teams
from project.emulators.telegram import Telegram
from project.emulators.twilio import Twilio
from project.emulators.vonage import Vonage
from project.emulators.web_push import WebPush, subscription
from tests.deliveries.providers.pushes import SUBJECT, VAPID

# what most APIs mean; each subject says where its own differs
USUAL: Mapping[str, str] = {
    "status200": "sent",
    "status400": "permanent",
    "status401": "configuration",
    "status403": "configuration",
    "status404": "configuration",
    "status410": "permanent",
    "status429": "throttled",
    "status429date": "throttled",
    "status500": "ambiguous",
    "status503": "throttled",
    "hang": "ambiguous",
    "late": "ambiguous",
    "resetbefore": "ambiguous",
    "resetafter": "ambiguous",
    "empty": "sent",
    "split": "sent",
    "brokentls": "transient",
    "nobody": "transient",
}
# a webhook whose address is no longer the right one
DEAD = dict.fromkeys(("status401", "status403", "status404", "status410"), "address_dead")
FCM_KEY = generate_private_key(public_exponent=65537, key_size=2048)
FCM_DEVICE = "fcm-0001:APA91bHun4MxP5egoKMwt2KZFBaFUH"


@dataclass(frozen=True)
class Subject:
    """One kind of provider. `config` and `data` are what an account and a work must know to reach `url`, the emulator's."""

    kind: str
    emulator: Callable[[], Emulator]
    config: Mapping[str, Any] = field(default_factory=dict)
    # what an account can know only when the emulator has an address
    config_at: Callable[[str], Mapping[str, Any]] = lambda url: {}
    # where the account names the emulator; else `data` does
    base: bool = True
    # it tells how long to wait by the header, where a date may stand too
    dates: bool = True
    # what follows the emulator's own address in the account's `url`
    path: str = ""
    address: str = "+4915112345678"
    data: Callable[[str], Mapping[str, Any]] = lambda url: {}
    differs: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        name = str(self.config.get("esp", self.kind))
        return name if self.base else f"{name} by its address"

    @property
    def expected(self) -> Mapping[str, str]:
        return {**USUAL, **self.differs}

    def config_for(self, url: str) -> dict[str, Any]:
        return {**self.config, **self.config_at(url), **({"url": url + self.path} if self.base else {})}


def fcm(url: str = "") -> Fcm:
    """One whose service account stays the same."""
    emulator = Fcm()
    emulator.key, emulator.url = FCM_KEY, url
    return emulator


ALICE = "alice@example.com"
AMAZON = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY, "region": "eu-west-1"}
# APNs speaks HTTP/2, and has a table of its own beside its tests
SUBJECTS = [
    Subject(
        "fcm",
        fcm,
        config_at=lambda url: {"service_account": fcm(url).service_account()},
        data=lambda url: {"token": FCM_DEVICE},
        # an access token that has expired is fetched again; one that can't be fetched has sent nothing
        differs={
            "status401": "transient",
            # another project's token
            "status403": "unfit",
            "status404": "address_dead",
            "resetbefore": "transient",
            "empty": "ambiguous",
        },
    ),
    Subject(
        "web_push",
        WebPush,
        {"private_key": VAPID, "subject": SUBJECT},
        base=False,
        data=lambda url: {
            "token": f"{url}/wpush/v2/one",
            "keys": subscription(url, "one")["keys"],
        },
        differs={"status404": "address_dead", "status410": "address_dead"},
    ),
    Subject(
        "twilio",
        Twilio,
        {"account_sid": Twilio.account, "auth_token": Twilio.token, "from": "+15005550006"},
        # 21211: there is no such number
        differs={"status400": "address_dead"},
    ),
    Subject(
        "vonage",
        Vonage,
        {"api_key": Vonage.key, "api_secret": Vonage.secret, "from": "Shop"},
        # 6: there is no way to this number
        differs={"status404": "permanent", "empty": "ambiguous"},
    ),
    Subject(
        "africas_talking",
        AfricasTalking,
        {"username": AfricasTalking.username, "api_key": AfricasTalking.key},
        differs={"empty": "ambiguous"},
    ),
    Subject(
        "beem",
        Beem,
        {"api_key": Beem.key, "secret_key": Beem.secret, "from": "Shop"},
        # 108, its word for what it has no word for
        differs={"status410": "ambiguous", "empty": "ambiguous"},
    ),
    Subject(
        "sns",
        Sns,
        {**AMAZON, "from": "Shop"},
        # InternalError
        differs={"status410": "ambiguous", "empty": "ambiguous"},
    ),
    Subject("http_sms", HttpSms),
    Subject(
        "slack",
        Slack,
        {"token": Slack.token},
        data=lambda url: {"address": "C024BE91L"},
        # a channel that it isn't in; one that isn't there; one that is archived
        differs={**DEAD, "status401": "configuration", "status403": "permanent", "empty": "ambiguous"},
    ),
    Subject(
        "slack",
        Slack,
        base=False,
        data=lambda url: {"address": f"{url}/services/T00000000/B00000000/emulated"},
        differs={**DEAD, "status403": "permanent"},
    ),
    Subject("teams", Teams, base=False, data=lambda url: {"address": f"{url}/workflows/emulated"}, differs=DEAD),
    Subject(
        "discord",
        Discord,
        base=False,
        dates=False,
        data=lambda url: {"address": f"{url}/api/webhooks/1/{Discord.token}"},
        # may not write there
        differs={**DEAD, "status403": "permanent"},
    ),
    Subject(
        "discord",
        Discord,
        {"token": Discord.token},
        dates=False,
        data=lambda url: {"address": "1234567890123456789"},
        differs={**DEAD, "status403": "permanent"},
    ),
    Subject(
        "telegram",
        Telegram,
        {"token": Telegram.token},
        dates=False,
        data=lambda url: {"address": "-1001234567890"},
        # no such chat; blocked by its owner
        differs={"status400": "address_dead", "status403": "address_dead", "empty": "ambiguous"},
    ),
    Subject(
        "chat_webhook",
        ChatWebhook,
        {"secret": SIGNING_SECRET},
        base=False,
        data=lambda url: {"address": f"{url}/room/1"},
        differs={"status404": "address_dead", "status410": "address_dead"},
    ),
    Subject("anymail", SendGrid, {"esp": "sendgrid", "api_key": SendGrid.key}, path="/v3/", address=ALICE),
    Subject(
        "anymail",
        Mailgun,
        {"esp": "mailgun", "api_key": Mailgun.key, "domain": "example.com"},
        path="/v3/",
        address=ALICE,
        differs={"empty": "ambiguous"},
    ),
    Subject(
        "anymail",
        Postmark,
        {"esp": "postmark", "api_key": Postmark.key},
        address=ALICE,
        differs={"empty": "ambiguous"},
    ),
    Subject("anymail", Ses, {"esp": "amazon_ses", **AMAZON}, address=ALICE, differs={"empty": "ambiguous"}),
]

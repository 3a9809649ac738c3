"""Who is put to the table: each provider that has an emulator, and where it means something else than all the others."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from project.emulators.africas_talking import AfricasTalking
from project.emulators.amazon import ACCESS_KEY, SECRET_KEY
from project.emulators.base import Emulator
from project.emulators.beem import Beem
from project.emulators.chat_webhook import SIGNING_SECRET, ChatWebhook
from project.emulators.discord import Discord
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


@dataclass(frozen=True)
class Subject:
    """One kind of provider. `config` and `data` are what an account and a work must know to reach `url`, the emulator's."""

    kind: str
    emulator: type[Emulator]
    config: Mapping[str, Any] = field(default_factory=dict)
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
        return {**self.config, **({"url": url + self.path} if self.base else {})}


ALICE = "alice@example.com"
AMAZON = {"access_key_id": ACCESS_KEY, "secret_access_key": SECRET_KEY, "region": "eu-west-1"}
SUBJECTS = [
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

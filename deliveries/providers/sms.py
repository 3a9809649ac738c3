"""What text messages through any provider have in common: what is said, in how many segments, from whom."""

import phonenumbers

from deliveries.providers.errors import AddressDead, Configuration, Permanent, Unfit
from deliveries.providers.http import HttpProvider
from hub.fallback.work import Work
from hub.policy.segments import shorten
from hub.providers.accounts import Account
from hub.providers.settings import Setting

# where an account doesn't say: 612 letters, or 268 characters where one of them is no letter of GSM's
USUAL_SEGMENTS = 4
# what the tightest of the providers takes
MOST_SEGMENTS = 10

SENDER = Setting("from", "The sender, a number or a name, for countries that `senders` doesn't have.", required=False)
SENDERS = Setting(
    "senders", 'The sender by country, such as {"US": "+15005550006", "DE": "Shop"}.', type="object", required=False
)
SEGMENTS = Setting(
    "max_segments",
    f"SMS a message at most, up to {MOST_SEGMENTS}; what is longer is cut.",
    type="number",
    required=False,
)
# of those that tell what people answer
HELP = Setting("help_text", "The answer to who sends HELP.", required=False)
SMS_SETTINGS = (SENDER, SENDERS, SEGMENTS)


class SmsProvider(HttpProvider):
    """A provider of text messages, one number a call. An attempt of unknown outcome is the last one: see `UNKNOWNS`."""

    channel = "sms"
    limits = {"segments": MOST_SEGMENTS}

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        senders = self.config.get("senders") or {}
        self._senders = {country.upper(): sender for country, sender in senders.items()}
        self._most = max(1, min(int(self.config.get("max_segments") or USUAL_SEGMENTS), MOST_SEGMENTS))

    def text(self, work: Work) -> str:
        """What is said, in as many segments as the account allows. Raises Permanent where there is nothing."""
        said = str(work.content.get("body") or "").strip() or str(work.content.get("title") or "").strip()
        if not said:
            raise Permanent("empty", "there is neither a body nor a title")
        return shorten(said, self._most)

    def sender(self, work: Work) -> str:
        """The sender for the number's country, or the account's; empty where it has none."""
        # telling the country costs a tenth of what the call does
        own = self._senders.get(country_of(work.address)) if self._senders else None
        return str(own or self.config.get("from") or "")

    def named_sender(self, work: Work) -> str:
        """`sender`, for providers that send nothing without. Raises Configuration; Unfit where others have one."""
        sender = self.sender(work)
        if not sender:
            lacking = Unfit if self._senders else Configuration
            raise lacking("no_sender", "the account has no `from`, and no sender for this country")
        return sender


def country_of(number: str) -> str:
    """The country of a number in E.164, such as `DE`. Raises AddressDead."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except phonenumbers.NumberParseException as error:
        raise AddressDead("invalid_number", "this is no number with a country code") from error


def digits(number: str) -> str:
    """A number in E.164 without its plus."""
    return number.removeprefix("+")

"""The kinds of providers, by name. A provider is one file in the delivery edge and one line here."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.utils.module_loading import import_string

from hub.conf import conf
from hub.providers.settings import Setting

# kind → dotted path of its class; `HUB["provider_kinds"]` adds a project's own
KINDS = {
    "django": "deliveries.providers.django_mail.DjangoMail",
    "fcm": "deliveries.providers.fcm.Fcm",
    "apns": "deliveries.providers.apns.Apns",
    "web_push": "deliveries.providers.web_push.WebPush",
    "smtp": "deliveries.providers.smtp_mail.SmtpMail",
    "anymail": "deliveries.providers.anymail_mail.AnymailMail",
    "twilio": "deliveries.providers.twilio.Twilio",
    "sns": "deliveries.providers.sns.Sns",
    "vonage": "deliveries.providers.vonage.Vonage",
    "africas_talking": "deliveries.providers.africas_talking.AfricasTalking",
    "beem": "deliveries.providers.beem.Beem",
    "http_sms": "deliveries.providers.http_sms.HttpSms",
    "slack": "deliveries.providers.slack.Slack",
    "teams": "deliveries.providers.teams.Teams",
    "discord": "deliveries.providers.discord.Discord",
    "telegram": "deliveries.providers.telegram.Telegram",
    "chat_webhook": "deliveries.providers.chat_webhook.ChatWebhook",
}


def kinds() -> dict[str, str]:
    """Every kind there is, with the path of its class."""
    return KINDS | conf.provider_kinds


def kind_class(kind: str) -> Any:
    """The class of a kind. Raises LookupError for one that there isn't, ImportError for one that can't be had."""
    path = conf.provider_kinds.get(kind) or KINDS.get(kind)
    if path is None:
        raise LookupError(f"There is no kind of provider {kind!r}; use {', '.join(sorted(kinds()))}.")
    return _imported(path)


def known_kind(kind: str) -> Any:
    """The class of a kind; None where it can't be had any more: the project has left it out of its settings, or broken it."""
    try:
        return kind_class(kind)
    except Exception:
        return None


def settings_of(kind: str) -> Sequence[Setting] | None:
    """What an account of a kind may be told; None where nobody knows any more."""
    found: Sequence[Setting] | None = getattr(known_kind(kind), "settings", None)
    return found


@cache
def _imported(path: str) -> Any:
    return import_string(path)

"""Each message as a person would see it: on a phone, in a list of mails, as a bubble, in a chat. Everything is escaped."""

from datetime import UTC, datetime
from html import escape

from hub.policy.segments import is_gsm, segments
from project.emulators.recorder import Message
from project.stack.mailbox.outbox import Entry
from project.stack.mailbox.store import Mail

NAMES = {
    "fcm": "FCM",
    "apns": "APNs",
    "web_push": "Web Push",
    "twilio": "Twilio",
    "vonage": "Vonage",
    "sns": "Amazon SNS",
    "africas_talking": "Africa's Talking",
    "beem": "Beem",
    "http_sms": "SMS gateway",
    "slack": "Slack",
    "teams": "Teams",
    "discord": "Discord",
    "telegram": "Telegram",
    "chat_webhook": "Webhook",
    "sendgrid": "SendGrid",
    "mailgun": "Mailgun",
    "postmark": "Postmark",
    "ses": "Amazon SES",
}


def row(one: Mail | Entry) -> str:
    """A list item; `data-channel` is the column it belongs to, `data-withdraws` the items that it takes off the screen."""
    more = told = ""
    if isinstance(one, Mail):
        channel, card = "email", mail_card(one.to, one.sender, one.subject, one.received_at)
    else:
        channel, card, told = one.channel, card_of(one), fates(one)
        more += ' class="withdrawn"' if one.withdrawn else ""
        more += f' data-withdraws="{" ".join(one.withdraws)}"' if one.withdraws else ""
    return f'<li data-id="{one.id}" data-channel="{channel}"{more}><a href="{address_of(one)}">{card}</a>{told}</li>'


def address_of(one: Mail | Entry) -> str:
    return f"/mail/{one.id}" if isinstance(one, Mail) else f"/message/{one.id}"


def fates(entry: Entry) -> str:
    """Buttons that have the hub told what became of a message; those that were pressed, or pressed themselves, stay so."""
    shown = "".join(
        f'<button type="button" data-tell="{fate}" aria-pressed="{str(fate in entry.told).lower()}">{fate}</button>'
        for fate in entry.fates
    )
    return f'<p class="fates" data-of="{entry.id}">{shown}</p>' if shown else ""


def card_of(entry: Entry) -> str:
    message = entry.message
    match entry.channel:
        case "push" if message.withdraws is not None:
            return silent_card(entry)
        case "push":
            return push_card(message)
        case "sms":
            return sms_card(message)
        case "email":
            return mail_card((message.to,), message.sender, message.title, moment(message), message.provider)
    return chat_card(message)


def push_card(message: Message) -> str:
    return (
        f'<article class="push">{phone_header(message)}'
        f"{titled(message)}{picture(message)}{buttons(message)}"
        f"<footer>{escape(shortened(message.to))}{opens(message)}</footer></article>"
    )


def silent_card(entry: Entry) -> str:
    """The phone shows nothing of it: the app takes away what is read elsewhere."""
    count = len(entry.withdraws)
    said = f"Silent: {count} push{'' if count == 1 else 'es'} taken off the screen"
    footer = f"<footer>{escape(shortened(entry.message.to))}</footer>"
    return f'<article class="push silent">{phone_header(entry.message)}<p class="text">{said}</p>{footer}</article>'


def phone_header(message: Message) -> str:
    badge = "" if message.badge is None else f'<span class="badge" title="The app\'s badge">{message.badge}</span>'
    return f'<header><span class="app">{name_of(message.provider)}</span>{badge}{clock(moment(message))}</header>'


def sms_card(message: Message) -> str:
    count = segments(message.body)
    said = f"{count} segment{'' if count == 1 else 's'} · {'GSM-7' if is_gsm(message.body) else 'UCS-2'}"
    sender = f" from {escape(message.sender)}" if message.sender else ""
    return (
        f'<article class="sms"><header>{escape(message.to)}{clock(moment(message))}</header>'
        f'<p class="bubble">{escape(message.body)}</p>'
        f"<footer>{said} · {name_of(message.provider)}{sender}</footer></article>"
    )


def chat_card(message: Message) -> str:
    name = name_of(message.provider)
    return (
        f'<article class="chat"><span class="face" aria-hidden="true">{name[0]}</span><div>'
        f'<header><b>{name}</b> <span class="to">{escape(message.to)}</span>{clock(moment(message))}</header>'
        f"{titled(message)}{picture(message)}{buttons(message)}</div></article>"
    )


def mail_card(to: tuple[str, ...], sender: str, subject: str, at: datetime, provider: str = "") -> str:
    through = f" by {name_of(provider)}" if provider else ""
    return (
        f'<article class="letter"><header><span class="to">{escape(", ".join(to))}</span>{clock(at)}</header>'
        f'<span class="subject">{escape(subject) or "(no subject)"}</span>'
        f"<footer>{escape(sender)}{through}</footer></article>"
    )


def titled(message: Message) -> str:
    title = f'<strong class="title">{escape(message.title)}</strong>' if message.title else ""
    return title + (f'<p class="text">{escape(message.body)}</p>' if message.body else "")


def picture(message: Message) -> str:
    """Where the picture would be. It isn't fetched: nothing leaves this machine, not even for a look."""
    return f'<p class="picture" title="{escape(message.image)}">{escape(message.image)}</p>' if message.image else ""


def buttons(message: Message) -> str:
    shown = "".join(f"<span>{escape(action)}</span>" for action in message.actions if action)
    return f'<p class="actions">{shown}</p>' if shown else ""


def opens(message: Message) -> str:
    return f" · opens {escape(shortened(message.url, 40))}" if message.url else ""


def name_of(provider: str) -> str:
    return escape(NAMES.get(provider, provider))


def moment(message: Message) -> datetime:
    return datetime.fromtimestamp(message.at, tz=UTC)


def clock(at: datetime) -> str:
    return f'<time datetime="{at.isoformat()}">{at:%Y-%m-%d %H:%M:%S} UTC</time>'


def shortened(text: str, length: int = 24) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"

"""The HTML of the outbox. Everything that a message brings is escaped; a mail's own HTML only appears in its sandbox."""

from collections.abc import Iterable
from email.message import EmailMessage
from html import escape

from project.stack.mailbox.cards import address_of, card_of, clock, fates, moment, name_of, row
from project.stack.mailbox.outbox import Entry, Outbox
from project.stack.mailbox.store import Mail

SHELL = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" href="/assets/mailbox.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/mailbox.css">
{head}</head>
<body>
{body}
</body>
</html>
"""
SCRIPT = """<script src="/assets/mailbox.js" defer></script>
"""
REFRESH = f"""<noscript><meta http-equiv="refresh" content="5"></noscript>
{SCRIPT}"""
COLUMNS = {
    "push": ("Push", "Nothing was pushed yet. Whoever has a device and is away gets it here."),
    "email": ("Mail", "No mail yet. A notification to somebody who is away and has an email address arrives here."),
    "sms": ("SMS", "No text message yet."),
    "chat": ("Chat", "Nothing was said yet."),
}
PAGE_SIZE = 1_000  # of one column
HIDDEN = ("authorization", "apikey", "x-postmark-server-token", "cookie")
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"


def board(outbox: Outbox) -> str:
    """Every channel beside the others, newest first."""
    body = f"""<header class="bar">
<h1><img src="/assets/mailbox.svg" alt="" width="22" height="22"> Outbox</h1>
<p class="quiet">What would have been sent. Nothing leaves this machine.</p>
</header>
<main class="board">
{"".join(column(outbox, channel) for channel in COLUMNS)}
</main>"""
    return SHELL.format(title="Outbox", head=REFRESH, body=body)


def column(outbox: Outbox, channel: str, before: str = "") -> str:
    """One channel's messages; `before`: those that are older than that one."""
    label, empty = COLUMNS[channel]
    found = outbox.newest(PAGE_SIZE + 1, channel=channel, before=before)
    shown = found[:PAGE_SIZE]
    older = (
        f'<p class="older"><a href="/{channel}?before={shown[-1].id}">Older</a></p>' if len(found) > PAGE_SIZE else ""
    )
    return f"""<section class="column {channel}" data-column="{channel}" aria-labelledby="head-{channel}">
<h2 id="head-{channel}"><a href="/{channel}">{label}</a> <span class="count">{outbox.count(channel)}</span></h2>
<div class="screen"><ol>{rows(shown)}</ol><p class="empty">{empty}</p>{older}</div>
{reading(shown) if channel == "email" else ""}
</section>"""


def reading(mails: list[Mail | Entry]) -> str:
    """Where the newest mail is open."""
    source = f' src="{address_of(mails[0])}/shown"' if mails else " hidden"
    return f'<iframe class="reading" title="The newest mail" sandbox="{SANDBOX}"{source}></iframe>'


def channel_page(outbox: Outbox, channel: str, before: str) -> str:
    label, _ = COLUMNS[channel]
    body = f"""<header class="bar"><p><a href="/">Outbox</a></p></header>
<main class="board single">{column(outbox, channel, before)}</main>"""
    return SHELL.format(title=label, head="" if before else REFRESH, body=body)


def rows(found: Iterable[Mail | Entry]) -> str:
    return "\n".join(map(row, found))


def mail_page(mail: Mail, message: EmailMessage) -> str:
    subject = escape(mail.subject) or "(no subject)"
    headers = ((name, str(value)) for name, value in message.raw_items())
    facts = {"From": escape(mail.sender), "To": escape(", ".join(mail.to)), "Received": clock(mail.received_at)}
    body = f"""<h1>{subject}</h1>
{fact_list(facts)}
{html_section(f"/mail/{mail.id}/shown") if part_text(message, "html") is not None else ""}
{text_section("Text", part_text(message, "plain"))}
{headers_section(headers)}"""
    return detail(subject, body, source=f"/mail/{mail.id}/raw")


def message_page(entry: Entry) -> str:
    message = entry.message
    facts = {"To": escape(message.to), "Through": name_of(message.provider), "Received": clock(moment(message))}
    if message.sender:
        facts["From"] = escape(message.sender)
    if entry.withdrawn:
        facts["Withdrawn"] = "It is not unread any more, so the app has taken it off the screen."
    headers = ((name, "•••" if name in HIDDEN else value) for name, value in message.headers.items())
    title = escape(message.title) or "(no title)"
    body = f"""<div class="column {entry.channel} shown"><div class="screen">{card_of(entry)}{fates(entry)}</div></div>
{fact_list(facts)}
{html_section(f"/message/{entry.id}/shown") if message.html else ""}
{text_section("Text", message.body) if message.html else ""}
{text_section("As the provider was asked", entry.asked)}
{headers_section(headers)}"""
    return detail(title, body, head=SCRIPT)


def detail(title: str, body: str, source: str = "", head: str = "") -> str:
    link = f'<p><a href="{source}">Source</a></p>' if source else ""
    bar = f'<header class="bar"><p><a href="/">Outbox</a></p>{link}</header>'
    return SHELL.format(title=title, head=head, body=f'{bar}\n<main class="mail">\n{body}\n</main>')


def fact_list(facts: dict[str, str]) -> str:
    return f'<dl class="facts">{"".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in facts.items())}</dl>'


def html_section(source: str) -> str:
    return f'<section><h2>HTML</h2><iframe title="The HTML part" sandbox="{SANDBOX}" src="{source}"></iframe></section>'


def text_section(label: str, text: str | None) -> str:
    return f"<section><h2>{label}</h2><pre>{escape(text)}</pre></section>" if text is not None else ""


def headers_section(headers: Iterable[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in headers)
    return f'<section><details><summary>Headers</summary><table class="headers">{cells}</table></details></section>'


def part_text(message: EmailMessage, kind: str) -> str | None:
    """The text of the mail's `plain` or `html` part, None if it has none; undecodable bytes become �."""
    part = message.get_body((kind,))
    if part is None:
        return None
    content = part.get_payload(decode=True)
    raw = content if isinstance(content, bytes) else b""
    try:
        return raw.decode(part.get_content_charset("utf-8"), errors="replace")
    except LookupError:  # a character set that nobody knows
        return raw.decode(errors="replace")


def plain(text: str) -> str:
    """A mail's text as a page of its own, which has no stylesheet of ours."""
    return f'<!doctype html><pre style="white-space: pre-wrap; font: 14px/1.5 monospace">{escape(text)}</pre>'


def not_found_page() -> str:
    return detail("Not here", '<h1>Not here</h1><p>There is no such message (any more). <a href="/">Outbox</a></p>')

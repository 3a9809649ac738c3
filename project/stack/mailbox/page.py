"""The HTML of the mailbox. Everything that a mail brings is escaped; a mail's own HTML only appears in its sandbox."""

from collections.abc import Iterable
from email.message import EmailMessage
from html import escape

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
REFRESH = """<noscript><meta http-equiv="refresh" content="5"></noscript>
<script src="/assets/mailbox.js" defer></script>
"""


def list_page(mails: list[Mail], *, total: int, older: str) -> str:
    body = f"""<header class="bar">
<h1><img src="/assets/mailbox.svg" alt="" width="22" height="22"> Mailbox</h1>
<p><span id="count">{total}</span> <span class="quiet">kept here. Nothing leaves this machine.</span></p>
</header>
<main>
<ol id="mails" class="mails">{rows(mails)}</ol>
<p class="empty">No mail yet. A notification to somebody who is away and has an email address arrives here.</p>
{f'<p class="older"><a href="/?before={escape(older)}">Older mails</a></p>' if older else ""}
</main>"""
    return SHELL.format(title="Mailbox", head=REFRESH, body=body)


def rows(mails: Iterable[Mail]) -> str:
    return "\n".join(row(mail) for mail in mails)


def row(mail: Mail) -> str:
    return (
        f'<li data-id="{mail.id}"><a href="/mail/{mail.id}">'
        f'<span class="to">{escape(", ".join(mail.to))}</span>'
        f'<span class="subject">{escape(mail.subject) or "(no subject)"}</span>'
        f'<span class="from">{escape(mail.sender)}</span>'
        f"{clock(mail)}</a></li>"
    )


def clock(mail: Mail) -> str:
    return f'<time datetime="{mail.received_at.isoformat()}">{mail.received_at:%Y-%m-%d %H:%M:%S} UTC</time>'


def mail_page(mail: Mail, message: EmailMessage) -> str:
    subject = escape(mail.subject) or "(no subject)"
    body = f"""<header class="bar">
<p><a href="/">Mailbox</a></p>
<p><a href="/mail/{mail.id}/raw">Source</a></p>
</header>
<main class="mail">
<h1>{subject}</h1>
<dl class="facts">
<dt>From</dt><dd>{escape(mail.sender)}</dd>
<dt>To</dt><dd>{escape(", ".join(mail.to))}</dd>
<dt>Received</dt><dd>{clock(mail)}</dd>
</dl>
{html_section(mail, message)}
{text_section(message)}
<section><details><summary>Headers</summary>
<table class="headers">{header_rows(message)}</table></details></section>
</main>"""
    return SHELL.format(title=subject, head="", body=body)


def html_section(mail: Mail, message: EmailMessage) -> str:
    if part_text(message, "html") is None:
        return ""
    sandbox = "allow-popups allow-popups-to-escape-sandbox"
    frame = f'<iframe title="The HTML part" sandbox="{sandbox}" src="/mail/{mail.id}/html"></iframe>'
    return f"<section><h2>HTML</h2>{frame}</section>"


def text_section(message: EmailMessage) -> str:
    text = part_text(message, "plain")
    return f"<section><h2>Text</h2><pre>{escape(text)}</pre></section>" if text is not None else ""


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


def header_rows(message: EmailMessage) -> str:
    pairs = ((name, str(value)) for name, value in message.raw_items())
    return "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in pairs)


def not_found_page() -> str:
    body = '<main class="mail"><h1>Not here</h1><p>There is no such mail (any more). <a href="/">Mailbox</a></p></main>'
    return SHELL.format(title="Not here", head="", body=body)

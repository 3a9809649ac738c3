"""Twilio: what became of a message, and what people answer.

https://www.twilio.com/docs/usage/webhooks/webhooks-security
"""

import base64
import hmac
from collections.abc import Sequence
from html import escape

from deliveries.callbacks.base import HELP_WORDS, Reader, answered, form_of, received_at, word_of
from hub.callbacks.events import Call, Event, Kind, Reply, Unverified

_KINDS = {"delivered": Kind.DELIVERED, "undelivered": Kind.FAILED, "failed": Kind.FAILED, "read": Kind.OPENED}
# unknown or unreachable for good, a landline, blocked by its owner
_LASTING = frozenset({"30004", "30005", "30006", "21610", "21614"})


class TwilioReader(Reader):
    """Calls are signed with the account's own token."""

    def lacks(self) -> str:
        """With an API key, what `auth_token` holds signs nothing."""
        config = self.account.config
        return "callback_secret" if config.get("api_key") and not config.get("callback_secret") else ""

    def verify(self, call: Call) -> None:
        config = self.account.config
        secret = str(config.get("callback_secret") or config.get("auth_token", ""))
        said = call.url + "".join(name + value for name, value in sorted(form_of(call).items()) if call.body)
        digest = hmac.digest(secret.encode(), said.encode(), "sha1")
        given = call.headers.get("x-twilio-signature", "")
        if not secret or not hmac.compare_digest(base64.b64encode(digest).decode(), given):
            raise Unverified("its signature is wrong")

    def read(self, call: Call) -> Sequence[Event]:
        form = form_of(call)
        if "MessageStatus" not in form:
            said = answered(form.get("Body", ""), form.get("From", ""), form.get("MessageSid", ""))
            # who asked has had the reply
            return [event for event in said if event.kind != Kind.ASKED]
        kind = _KINDS.get(form["MessageStatus"])
        if kind is None:
            return []
        code, message_id, status = form.get("ErrorCode", ""), form.get("MessageSid", ""), form["MessageStatus"]
        return [Event(kind, received_at(), message_id, code=code, lasting=code in _LASTING, id=status)]

    def reply(self, call: Call) -> Reply:
        """To who asks for help: what the account says that they may do."""
        form = form_of(call)
        text = str(self.account.config.get("help_text", ""))
        asked = "MessageStatus" not in form and word_of(form.get("Body", "")) in HELP_WORDS
        said = f"<Message>{escape(text)}</Message>" if asked and text else ""
        return Reply(f'<?xml version="1.0" encoding="UTF-8"?><Response>{said}</Response>', "text/xml")

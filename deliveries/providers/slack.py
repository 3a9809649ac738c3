"""Slack: by an incoming webhook, or as a bot to a channel or a member."""

import re
from typing import Any

from deliveries.providers.answers import fields_of
from deliveries.providers.base import Sent
from deliveries.providers.chat import ChatProvider, Said, address_of, is_url
from deliveries.providers.errors import AddressDead, Ambiguous, Configuration, Permanent, Throttled
from deliveries.providers.http import API_URL
from hub.fallback.work import Work
from hub.outbound import Answer
from hub.providers.accounts import Account
from hub.providers.settings import Setting

_WORD = re.compile(rb"\w{1,60}")


class Slack(ChatProvider):
    """All that is said is plain text, in which Slack looks for no mentions and no links. A bot's refusals come in a 200."""

    hosts_vary = True
    settings = (
        Setting("token", "A bot's token (xoxb-…), to write to channels and members.", secret=True, required=False),
        API_URL,
    )
    codes = {
        # the webhook, the channel or the person is no more
        **dict.fromkeys(("no_service", "no_service_id", "no_team", "team_disabled", "invalid_token"), AddressDead),
        **dict.fromkeys(("channel_not_found", "channel_is_archived", "is_archived", "user_not_found"), AddressDead),
        **dict.fromkeys(("no_active_hooks", "user_disabled", "messages_tab_disabled", "cannot_dm_bot"), AddressDead),
        # what the bot is
        **dict.fromkeys(("invalid_auth", "not_authed", "account_inactive", "token_revoked"), Configuration),
        **dict.fromkeys(("token_expired", "missing_scope", "no_permission", "access_denied"), Configuration),
        **dict.fromkeys(("not_allowed_token_type", "ekm_access_denied", "accesslimited"), Configuration),
        **dict.fromkeys(("ratelimited", "rate_limited", "service_unavailable"), Throttled),
        # this message, or this channel as it is set up
        **dict.fromkeys(("not_in_channel", "action_prohibited", "restricted_action", "msg_too_long"), Permanent),
        **dict.fromkeys(("posting_to_general_channel_denied", "invalid_payload", "invalid_arguments"), Permanent),
        **dict.fromkeys(("invalid_blocks", "no_text", "is_inactive", "team_not_found"), Permanent),
        # Slack says of these itself that some of it may have been done
        **dict.fromkeys(("internal_error", "fatal_error", "request_timeout", "rollup_error"), Ambiguous),
    }
    # what has no code comes from no webhook
    statuses = dict.fromkeys((404, 410), AddressDead)

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self._url = f"{self.base('https://slack.com')}/api/chat.postMessage"

    async def deliver(self, work: Work) -> Sent:
        address, content = address_of(work), content_of(self.said(work))
        if is_url(address):
            answer = await self.post_json(address, content)
            return Sent(code=str(answer.status))
        who = {"Authorization": f"Bearer {self.needed('token')}"}
        answer = await self.post_json(self._url, {**content, "channel": address}, who)
        said = fields_of(answer)
        if said.get("ok") is True:
            return Sent(str(said.get("ts") or ""), str(answer.status))
        raise self.refused(answer)

    def code_of(self, answer: Answer) -> str:
        """A word in JSON from the API, the word alone from a webhook."""
        said = fields_of(answer)
        if said:
            return str(said.get("error") or "")
        return answer.body.decode() if _WORD.fullmatch(answer.body) else ""


def content_of(said: Said) -> dict[str, Any]:
    """Blocks of plain text, and what notifications show: there `&`, `<` and `>` would be markup."""
    blocks: list[dict[str, Any]] = []
    if said.title:
        blocks.append({"type": "header", "text": _plain(said.title)})
    if said.body:
        blocks.append({"type": "section", "text": _plain(said.body)})
    if said.link:
        button = {"type": "button", "text": _plain(said.link_name[:75]), "url": said.link}
        blocks.append({"type": "actions", "elements": [button]})
    text = escaped("\n".join(part for part in (said.title, said.body) if part))
    quiet = {"mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return {"text": text, "blocks": blocks, **quiet}


def escaped(text: str) -> str:
    """`text` without what Slack takes for mentions and links."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text, "emoji": False}

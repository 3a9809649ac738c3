"""The email services that an account of the kind `anymail` can name, and what each calls its credentials."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deliveries.providers.errors import Configuration

_REGION = re.compile(r"[a-z0-9-]{1,32}")


@dataclass(frozen=True, slots=True)
class Esp:
    """`names`: what must be known → what Anymail calls it. `optional`: what may be.
    `batch`: how many messages with the same body one call takes, each with headers and an answer of its own."""

    names: Mapping[str, str]
    optional: Mapping[str, str]
    url: str = ""
    batch: int = 1


_KEY = {"api_key": "api_key"}

# Postmark takes 500, but the answer to those is longer than any that the client reads
ESPS: Mapping[str, Esp] = {
    "sendgrid": Esp(_KEY, {}, "https://api.sendgrid.com/v3/", batch=1_000),
    "mailgun": Esp(_KEY, {"domain": "sender_domain"}, "https://api.mailgun.net/v3/"),
    "postmark": Esp(
        {"api_key": "server_token"}, {"stream": "message_stream"}, "https://api.postmarkapp.com/", batch=200
    ),
    "amazon_ses": Esp(
        {"access_key_id": "aws_access_key_id", "secret_access_key": "aws_secret_access_key", "region": "region_name"},
        {"session_token": "aws_session_token"},
    ),
    "brevo": Esp(_KEY, {}, "https://api.brevo.com/v3/"),
    "mailjet": Esp({**_KEY, "secret_key": "secret_key"}, {}, "https://api.mailjet.com/v3.1/"),
    "resend": Esp(_KEY, {}, "https://api.resend.com/"),
    "sparkpost": Esp(_KEY, {}, "https://api.sparkpost.com/api/v1/"),
    "mandrill": Esp(_KEY, {}, "https://mandrillapp.com/api/1.0/"),
}


def options_of(name: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """What Anymail's backend is made with. All of it is given: what is not would be the hub's own. Raises Configuration."""
    esp = ESPS.get(name)
    if esp is None:
        raise Configuration("no_esp", f"an account with anymail needs an esp: {', '.join(ESPS)}")
    for needed in esp.names:
        if not config.get(needed):
            raise Configuration(f"no_{needed}", f"an account with {name} needs {needed}")
    known = {theirs: config.get(ours) for ours, theirs in {**esp.names, **esp.optional}.items()}
    if name == "amazon_ses":
        return {"session_params": {}, "client_params": _amazon(known, config.get("url"))}
    return {**known, "api_url": config.get("url") or esp.url}


def _amazon(known: Mapping[str, Any], url: str | None) -> dict[str, Any]:
    if not _REGION.fullmatch(known["region_name"]):
        raise Configuration("no_region", "this is no region of Amazon's")
    once = {"retries": {"total_max_attempts": 1}, "ignore_configured_endpoint_urls": True}
    return {**known, "endpoint_url": url, "config": once}

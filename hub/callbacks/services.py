"""Taking what a provider tells: proved to be its own, stored raw, and answered before anything is made of it."""

import hashlib
import logging
from dataclasses import asdict

from django.db import transaction
from django.http.multipartparser import MultiPartParserError

from hub.callbacks.addresses import account_at
from hub.callbacks.events import Call, Reply, Unverified
from hub.callbacks.kinds import reader_class
from hub.callbacks.models import Callback
from hub.exceptions import Forbidden, NotFound

logger = logging.getLogger(__name__)

# what reading a call raises that is spoilt: whatever it is, it proves nothing
_UNREADABLE = (AttributeError, LookupError, TypeError, ValueError, MultiPartParserError)


def receive(*, account: str, token: str, call: Call) -> Reply:
    """Keep a call and say what its provider wants to hear. The same call again is kept once.

    Raises NotFound for an address that there isn't, Forbidden for a call that doesn't prove whose it is.
    """
    found, tenant_id = account_at(account, token)
    reader = reader_class(found.kind)
    if reader is None:
        raise NotFound("There is no such address.")
    made = reader(found)
    try:
        made.verify(call)
    except (Unverified, *_UNREADABLE) as error:
        # the text of others may quote the call
        why = str(error) if isinstance(error, Unverified) else f"it can't be read ({type(error).__name__})"
        logger.warning("a callback of %s was refused: %s", found.label, why)
        raise Forbidden("This call doesn't prove that it comes from the provider.") from error
    kept = asdict(call) | {"body": call.body.decode("latin-1")}
    digest = hashlib.sha256(b"\0".join((found.id.encode(), call.url.encode(), call.body))).hexdigest()
    fresh = Callback(tenant_id=tenant_id, account=found.id, label=found.label, digest=digest, call=kept)
    with transaction.atomic():
        Callback.objects.bulk_create([fresh], ignore_conflicts=True)
    reply: Reply = made.reply(call)
    return reply

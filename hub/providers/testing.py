"""A message to try an account with: sent at once, on no record but the answer."""

from dataclasses import dataclass

from hub.audience.models import Subscriber
from hub.conf import conf
from hub.exceptions import InvalidRequest, NotFound
from hub.fallback.destinations import Destination, destinations
from hub.fallback.record import redact
from hub.loop import run
from hub.policy.retry import Outcome
from hub.providers.accounts import of_row
from hub.providers.models import Provider
from hub.providers.services import class_of
from hub.providers.single import single
from hub.rows import ask

CONTENT = {"title": "A test of notifications", "body": "If you can read this, the account works."}


@dataclass(frozen=True, slots=True)
class Tested:
    """What came of it: `outcome` as attempts have it, and the provider's own words."""

    outcome: str
    code: str
    answer: str
    message_id: str = ""


def try_out(provider: Provider, *, to: str = "", subscriber: str = "") -> Tested:
    """Send a test message to an address, or wherever the account reaches a subscriber. Takes `provider_timeout` at most.

    Raises InvalidRequest and NotFound when there is nowhere to send it.
    """
    destination = _destination(provider, to, subscriber)
    work = single(of_row(provider), tenant=provider.tenant.slug, destination=destination, event="test", **CONTENT)
    try:
        receipt = run(class_of(provider.kind).once(work.account, work), timeout=conf.provider_timeout)
    except TimeoutError:
        return Tested(Outcome.AMBIGUOUS, "timeout", f"No answer within {conf.provider_timeout} s.")
    message_id = getattr(receipt, "message_id", "")
    return Tested(receipt.outcome, redact(receipt.code), redact(receipt.answer), message_id)


def _destination(provider: Provider, to: str, subscriber: str) -> Destination:
    if bool(to) == bool(subscriber):
        raise InvalidRequest.on("to", "Give an address as `to`, or the id of a subscriber.", "required")
    if to:
        return Destination(to)
    found = Subscriber.objects.filter(tenant=provider.tenant_id, external_id=subscriber).first()
    if found is None:
        raise NotFound("There is no such subscriber.")
    places = ask(destinations(provider.channel, {found.pk})).get(found.pk, ())
    fitting = next((place for place in places if place.kind in ("", provider.kind)), None)
    if fitting is None:
        raise InvalidRequest.on("subscriber", "This account reaches no address of theirs.")
    return fitting

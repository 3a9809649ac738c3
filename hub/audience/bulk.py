"""Many subscribers in one call: each entry stands for itself."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from hub.audience.profile import check_profile
from hub.audience.services import check_external_id, save_profiles
from hub.exceptions import InvalidRequest
from hub.tenancy.models import Tenant


def upsert_many(*, tenant: Tenant, entries: Sequence[Any]) -> list[dict[str, Any]]:
    """Make or change the subscribers of `entries`, each `{"id", …profile}`; what an entry leaves out stays.

    A result each, in order: `{"id", "status": "created" | "updated" | "invalid", "errors"?}`.
    """
    results: list[dict[str, Any]] = [{}] * len(entries)
    valid: dict[int, tuple[str, dict[str, Any]]] = {}
    for index, entry in enumerate(entries):
        try:
            valid[index] = _read(entry)
        except InvalidRequest as error:
            results[index] = _invalid(entry.get("id") if isinstance(entry, dict) else None, error)
    saved = save_profiles(tenant=tenant, changes=list(valid.values()))
    for index, one in zip(valid, saved, strict=True):
        name = one.subscriber.external_id
        done = {"id": name, "status": "created" if one.created else "updated"}
        results[index] = done if one.error is None else _invalid(name, one.error)
    return results


def _read(entry: Any) -> tuple[str, dict[str, Any]]:
    if not isinstance(entry, dict):
        raise InvalidRequest.on("", "Must be an object with an id.", "type")
    profile = {name: value for name, value in entry.items() if name != "id"}
    return check_external_id(entry.get("id"), field="id"), check_profile(profile)


def _invalid(name: Any, error: InvalidRequest) -> dict[str, Any]:
    return {"id": name, "status": "invalid", "errors": [asdict(one) for one in error.errors]}

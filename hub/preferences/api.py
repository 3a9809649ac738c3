"""REST: what a subscriber wants, for themselves and for their tenant's servers."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import Fields, body, query
from hub.api.views import ServerView, UserView
from hub.audience.models import Subscriber
from hub.audience.selectors import get_subscriber
from hub.preferences.selectors import matrix
from hub.preferences.services import Change, change_preferences

MOST_CHANGES = 200


class OwnPreferences(UserView):
    """`/preferences`"""

    def get(self, request: Request) -> Response:
        query(request).done()
        return Response(_shown(self.caller.subscriber))

    def patch(self, request: Request) -> Response:
        change_preferences(subscriber=self.caller.subscriber, changes=_changes(request))
        return Response(_shown(self.caller.subscriber))


class SubscriberPreferences(ServerView):
    """`/subscribers/{id}/preferences`"""

    resource = "subscribers"

    def get(self, request: Request, external_id: str) -> Response:
        query(request).done()
        return Response(_shown(self._subscriber(external_id)))

    def patch(self, request: Request, external_id: str) -> Response:
        subscriber = self._subscriber(external_id)
        change_preferences(subscriber=subscriber, changes=_changes(request))
        return Response(_shown(subscriber))

    def _subscriber(self, external_id: str) -> Subscriber:
        return get_subscriber(tenant=self.caller.tenant, external_id=external_id)


def _changes(request: Request) -> list[Change]:
    """`{"changes": [{"category", "channel", "enabled": true | false | null}]}`; null goes back to the default."""
    fields = body(request)
    listed = fields.listing("changes")
    if len(listed) > MOST_CHANGES:
        fields.wrong("changes", f"At most {MOST_CHANGES} of them.", "too_long")
    changes = [_change(fields, index, change) for index, change in enumerate(listed)]
    fields.done()
    return [change for change in changes if change is not None]


def _change(fields: Fields, index: int, change: Any) -> Change | None:
    path = f"changes.{index}"
    if not isinstance(change, dict) or change.keys() != {"category", "channel", "enabled"}:
        fields.wrong(path, "Must be an object of category, channel and enabled.", "type")
    elif not isinstance(change["category"], str) or not isinstance(change["channel"], str):
        fields.wrong(path, "category and channel must be strings.", "type")
    elif change["enabled"] not in (True, False, None) or isinstance(change["enabled"], int | float) != isinstance(
        change["enabled"], bool
    ):
        fields.wrong(f"{path}.enabled", "Must be true, false or null.", "type")
    else:
        return Change(change["category"], change["channel"], change["enabled"])
    return None


def _shown(subscriber: Subscriber) -> dict[str, Any]:
    return {"categories": [row.as_dict() for row in matrix(subscriber)]}

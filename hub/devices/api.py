"""REST: where a subscriber is pushed to, for themselves and for their tenant's servers."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from hub.api.body import body, query
from hub.api.paging import listed
from hub.api.views import ServerView, UserView
from hub.audience.models import Subscriber
from hub.audience.selectors import get_subscriber
from hub.devices.models import Device
from hub.devices.selectors import devices, get_device
from hub.devices.services import register, remove
from hub.policy.masking import mask


class OwnDevices(UserView):
    """`/devices`"""

    def get(self, request: Request) -> Response:
        return listed(request, devices(self.caller.subscriber), _shown)


class OwnDevice(UserView):
    """`/devices/{id}`"""

    def get(self, request: Request, device: str) -> Response:
        query(request).done()
        return Response(_shown(get_device(self.caller.subscriber, device)))

    def put(self, request: Request, device: str) -> Response:
        return Response(_shown(_register(request, self.caller.subscriber, device)))

    def delete(self, request: Request, device: str) -> Response:
        remove(subscriber=self.caller.subscriber, external_id=device)
        return Response(status=204)


class OfSubscriber(ServerView):
    """What a tenant's server says of one of its subscribers."""

    resource = "subscribers"

    def _subscriber(self, external_id: str) -> Subscriber:
        return get_subscriber(tenant=self.caller.tenant, external_id=external_id)


class SubscriberDevices(OfSubscriber):
    """`/subscribers/{id}/devices`"""

    def get(self, request: Request, external_id: str) -> Response:
        return listed(request, devices(self._subscriber(external_id)), _shown)


class SubscriberDevice(OfSubscriber):
    """`/subscribers/{id}/devices/{id}`"""

    def get(self, request: Request, external_id: str, device: str) -> Response:
        query(request).done()
        return Response(_shown(get_device(self._subscriber(external_id), device)))

    def put(self, request: Request, external_id: str, device: str) -> Response:
        # that the answer names whose it is makes an erasure find it among the kept answers
        subscriber = self._subscriber(external_id)
        return Response(_shown(_register(request, subscriber, device)) | {"subscriber": external_id})

    def delete(self, request: Request, external_id: str, device: str) -> Response:
        remove(subscriber=self._subscriber(external_id), external_id=device)
        return Response(status=204)


def _register(request: Request, subscriber: Subscriber, external_id: str) -> Device:
    fields = body(request)
    platform = fields.choice("platform", Device.Platform.values, required=True)
    environment = fields.choice("environment", Device.Environment.values) or Device.Environment.PRODUCTION
    about = {name: fields.text(name) for name in ("app", "name", "locale")}
    token, subscription = fields.any("token"), fields.any("subscription")
    fields.done()
    return register(
        subscriber=subscriber,
        external_id=external_id,
        platform=str(platform),
        token=token,
        subscription=subscription,
        environment=environment,
        **about,
    )


def _shown(device: Device) -> dict[str, Any]:
    """The token itself is never shown."""
    return {
        "id": device.external_id,
        "platform": device.platform,
        "token": mask(device.token),
        "app": device.app,
        "environment": device.environment,
        "name": device.name,
        "locale": device.locale,
        "active": device.deactivated_at is None,
        "reason": device.reason or None,
        "history": device.history,
        "created_at": device.created_at,
        "refreshed_at": device.refreshed_at,
        "deactivated_at": device.deactivated_at,
    }

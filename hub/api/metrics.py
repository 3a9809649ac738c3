"""What a monitor watches at night, in Prometheus's format. All of it is read from the record as it is asked for, so that it is
the same from every process, and nothing is lost with one."""

from collections.abc import Iterator

from django.http import HttpResponse
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from rest_framework.request import Request

from hub.api.authentication import ApiKeyAuthentication, Operator, OperatorAuthentication
from hub.api.views import HubView
from hub.exceptions import Forbidden
from hub.fallback.selectors import dead_letters, due_lanes
from hub.webhooks.selectors import overdue


class Metrics(HubView):
    """`/metrics`, for the operator's token."""

    authentication_classes = [OperatorAuthentication, ApiKeyAuthentication]

    def check_permissions(self, request: Request) -> None:
        if not isinstance(request.user, Operator):
            raise Forbidden("This takes the operator's token.")

    def get(self, request: Request) -> HttpResponse:
        registry = CollectorRegistry()
        registry.register(_Record())
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Record:
    """What the library collects from."""

    def collect(self) -> Iterator[Metric]:
        dead = GaugeMetricFamily("hub_dead_letters", "Deliveries that were given up.", labels=["channel", "reason"])
        for channel, reason, count in dead_letters():
            dead.add_metric([channel, reason], count)
        yield dead
        late = GaugeMetricFamily(
            "hub_delivery_overdue_seconds", "How long the oldest due delivery waits.", labels=["channel", "lane"]
        )
        for due in due_lanes():
            late.add_metric([due.channel, due.lane], due.overdue)
        yield late
        yield GaugeMetricFamily(
            "hub_webhook_overdue_seconds", "How long the oldest due webhook waits.", value=overdue()
        )

"""The base of every view: who may call it, once, with what body."""

import logging
import time
from collections.abc import Callable
from typing import Any, ClassVar

from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from hub.api.authentication import ApiKeyAuthentication, Caller, Server, User, UserAuthentication, holds_api_key
from hub.api.body import refuse_nul
from hub.api.cors import preflight, refuse_strange, share
from hub.api.limits import Quota, check, count_guess, spend
from hub.api.middleware import HEADER, identified
from hub.api.once import key_of, once
from hub.api.problems import exception_handler
from hub.api.renderers import JsonOnly, JsonParser, JsonRenderer
from hub.exceptions import NotFound
from hub.tenancy.errors import Refused
from hub.trace import tracing

log = logging.getLogger(__name__)

SAFE = {"GET", "HEAD", "OPTIONS"}


class HubView(APIView):
    """JSON in, JSON out; every write is idempotent when it is asked to be."""

    # All of it is said here: a host project's defaults for its own API are not ours.
    content_negotiation_class = JsonOnly
    renderer_classes = [JsonRenderer]
    parser_classes = [JsonParser]
    permission_classes = []
    throttle_classes = []
    versioning_class = None
    # fields of an answer that are shown once and never stored
    secrets: ClassVar[tuple[str, ...]] = ()
    # False: the service commits on its own, and keeps the key itself
    keyed: ClassVar[bool] = True
    # what is left to the caller, once there is one
    quota: Quota | None = None

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Any:
        """Out of the host's ATOMIC_REQUESTS: services commit on their own, and only then tell."""
        return transaction.non_atomic_requests(super().as_view(**initkwargs))

    def get_exception_handler(self) -> Any:
        return exception_handler

    def perform_authentication(self, request: Request) -> None:
        """Find out who asks, and count it: whatever is answered from here on tells what is left."""
        try:
            caller: object = request.user
        except Refused as refusal:
            count_guess(request, refusal)
            raise
        if isinstance(caller, Caller):
            self.quota = spend(caller)
            check(self.quota)
            refuse_strange(request, caller)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        refuse_nul(request.query_params, kwargs)

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """One line of the log a request: the route, as a path may hold somebody's address."""
        began = time.monotonic()
        with identified(request) as request_id:
            response = self._dispatch(request, *args, **kwargs)
            tenant = getattr(getattr(self.request, "_user", None), "tenant", None)
            with tracing(tenant=tenant and tenant.slug):
                route, ms = request.resolver_match.route, round(1000 * (time.monotonic() - began), 1)
                seen = {"method": request.method, "route": route, "status": response.status_code, "ms": ms}
                log.info("request", extra=seen)
        response[HEADER] = request_id
        return response

    def _dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """REST framework's own, but for `_answer`, which knows about idempotency keys."""
        self.args, self.kwargs = args, kwargs
        self.request = wrapped = self.initialize_request(request, *args, **kwargs)
        self.headers = self.default_response_headers
        try:
            self.initial(wrapped, *args, **kwargs)
            response = self._answer(wrapped, *args, **kwargs)
        except Exception as error:
            response = self.handle_exception(error)
        self.response = self.finalize_response(wrapped, response, *args, **kwargs)
        return self.response

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        if self.quota is not None:
            self.quota.tell(answer)
        return answer

    def _answer(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        method = (request.method or "").lower()
        handler: Callable[..., Response] = (
            getattr(self, method, self.http_method_not_allowed)
            if method in self.http_method_names
            else self.http_method_not_allowed
        )
        key = key_of(request) if self.keyed and request.method not in SAFE else None
        if key is None:
            return handler(request, *args, **kwargs)
        caller: Caller = request.user  # type: ignore[assignment]  # what our authentication found
        return once(
            request,
            key,
            lambda: handler(request, *args, **kwargs),
            tenant_id=caller.tenant_id,
            principal=caller.name,
            secrets=self.secrets,
        )


class ServerView(HubView):
    """For servers. The key needs the scope `<resource>:read`, or `<resource>:write` for everything but GET."""

    authentication_classes = [ApiKeyAuthentication]
    resource: ClassVar[str]

    def check_permissions(self, request: Request) -> None:
        self.caller.need(f"{self.resource}:{'read' if request.method in SAFE else 'write'}")

    @property
    def caller(self) -> Server:
        """The server that asks."""
        return self.request.user  # type: ignore[return-value]  # what our authentication found


class UserView(HubView):
    """For a subscriber's own browser or app."""

    authentication_classes = [UserAuthentication]

    @property
    def caller(self) -> User:
        """The subscriber who asks."""
        return self.request.user  # type: ignore[return-value]  # what our authentication found

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # A preflight carries no credentials.
        if request.method != "OPTIONS":
            super().initial(request, *args, **kwargs)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """What a browser asks before a page of another origin calls."""
        return Response(status=204, headers=preflight(request))

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        answer = super().finalize_response(request, response, *args, **kwargs)
        return share(request, answer)


def by_caller(*, server: type[ServerView], user: type[UserView]) -> Callable[..., HttpResponseBase]:
    """One address for both. Whoever holds an API key is a server; a method that users don't have is a server's too, so
    that anybody else is told to send a key."""
    servers, users = server.as_view(), user.as_view()

    @csrf_exempt  # a session's writes are checked where it is recognised
    def view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        theirs = hasattr(user, (request.method or "").lower()) and not holds_api_key(request)
        answer: HttpResponseBase = (users if theirs else servers)(request, *args, **kwargs)
        return answer

    view.view_classes = (server, user)  # type: ignore[attr-defined]  # as Django's own views say theirs
    return view


class Unknown(HubView):
    """Whatever is at no other address."""

    authentication_classes = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is nothing at this address.")

"""Refuses whoever asks for a host that is not the hub's."""

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from hub.api.middleware import Answer
from hub.api.pages import bad_request


class HostMiddleware:
    """Before anything else asks for the host: what Django raises then is written with a traceback, for anybody's typing."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost as error:
            return bad_request(request, error)
        return self.get_response(request)

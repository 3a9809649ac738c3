"""REST: where providers tell what became of messages, each in its own language."""

from django.http import HttpResponse
from rest_framework.request import Request

from hub.api.views import HubView
from hub.callbacks.events import Call
from hub.callbacks.services import receive
from hub.conf import conf


class CallbackView(HubView):
    """`/callbacks/{account}/{token}`"""

    authentication_classes = []

    def head(self, request: Request, account: str, token: str) -> HttpResponse:
        """Some look whether anybody is there before they tell anything."""
        return HttpResponse()

    def get(self, request: Request, account: str, token: str) -> HttpResponse:
        """Some tell in the query alone."""
        return self.post(request, account, token)

    def post(self, request: Request, account: str, token: str) -> HttpResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        url = conf.public_url.rstrip("/") + request.get_full_path()
        call = Call(request.method or "", url, headers, request._request.body)
        reply = receive(account=account, token=token, call=call)
        return HttpResponse(reply.body, content_type=reply.content_type)

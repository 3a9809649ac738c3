"""Django under ASGI, in one thread hop a request."""

from typing import Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase


class OneHopHandler(ASGIHandler):
    """Runs middleware and view, all of them synchronous, in one piece in the request's thread.

    Django would run its own middleware asynchronously, and go to the thread and back for each half of each one: that was
    most of the time of a small request.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        answer: Any = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        return answer  # type: ignore[no-any-return]

"""Every URL of the project."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from hub.api.health import Health, Live, Ready

urlpatterns = [
    # Where orchestrators look for probes: outside any version of the API.
    path("livez", Live.as_view()),
    path("readyz", Ready.as_view()),
    path("health", Health.as_view()),
    path("api/v1/", include("hub.api.urls")),
    path("admin/", admin.site.urls),
]
if settings.DEMO:
    urlpatterns += [
        path("demo/", include("project.demo.urls")),
        path("", RedirectView.as_view(url="/demo/")),
    ]

handler400 = "hub.api.pages.bad_request"
handler403 = "hub.api.pages.permission_denied"
handler404 = "hub.api.pages.not_found"
handler500 = "hub.api.pages.server_error"

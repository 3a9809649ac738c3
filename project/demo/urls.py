"""The demo's pages, under `/demo/`."""

from django.urls import path

from project.demo import views

app_name = "demo"
urlpatterns = [
    path("", views.page, name="page"),
    path("token", views.token, name="token"),
    path("notify", views.notify, name="notify"),
]

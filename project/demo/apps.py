"""The demo's Django app."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "project.demo"
    verbose_name = "Demo"

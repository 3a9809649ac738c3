"""Daphne's app for its `runserver` alone: its own loads Twisted and the server into every process."""

from django.apps import AppConfig


class Runserver(AppConfig):
    name = "daphne"

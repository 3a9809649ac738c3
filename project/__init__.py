"""The composition root. Importing it makes the Celery application known, so that any process can send a hint."""

from project.celery import app as celery_app

__all__ = ["celery_app"]

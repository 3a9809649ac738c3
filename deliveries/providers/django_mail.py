"""Email, through whatever Django's `EMAIL_BACKEND` names: SMTP by default, or any Anymail backend."""

from typing import Any

from django.conf import settings
from django.core.mail import get_connection

from deliveries.providers.mail import MAIL_SETTINGS, Mail


class DjangoMail(Mail):
    """The project's own mail settings."""

    settings = MAIL_SETTINGS

    def backend(self) -> Any:
        return get_connection(settings.EMAIL_BACKEND)

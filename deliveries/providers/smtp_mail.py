"""Email through a mail server of the account's own."""

from typing import Any

from deliveries.providers.errors import Configuration
from deliveries.providers.mail import MAIL_SETTINGS, Mail
from deliveries.providers.smtp import SmtpBackend
from hub.providers.accounts import Account
from hub.providers.settings import Setting

# how the connection is secured → the port where that is usual
PORTS = {"starttls": 587, "tls": 465, "none": 25}


class SmtpMail(Mail):
    """The server of a tenant must have a public address; the hub's own accounts may name any."""

    settings = (
        Setting("host", "The mail server's name."),
        Setting("port", "Its port; usually 587, or 465 with tls.", type="number", required=False),
        Setting(
            "security",
            "starttls unless given; none sends in the clear, and takes no password.",
            required=False,
            choices=tuple(PORTS),
        ),
        Setting("username", "Who logs in, if anybody.", required=False),
        Setting("password", "With which password.", secret=True, required=False),
        *MAIL_SETTINGS,
    )

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        config = self.config
        security = config.get("security") or "starttls"
        if security == "none" and config.get("password"):
            raise Configuration("password_in_clear", "a password needs security starttls or tls")
        self._options: dict[str, Any] = {
            "host": self.needed("host"),
            "port": _port(config.get("port") or PORTS[security]),
            # never None: that would be those of the hub's own mail server
            "username": config.get("username") or "",
            "password": config.get("password") or "",
            "use_tls": security == "starttls",
            "use_ssl": security == "tls",
            "guarded": not account.is_the_hubs,
        }

    def backend(self) -> Any:
        return SmtpBackend(**self._options)


def _port(given: float) -> int:
    if given != int(given) or not 0 < given < 65_536:
        raise Configuration("port", "this is no port")
    return int(given)

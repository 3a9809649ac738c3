"""The project's settings for a worker in a test of its own, to which it is up what is mailed and how long that may take."""

import os

from project.settings import *  # noqa: F403
from project.settings import HUB as DEFAULTS

HUB = DEFAULTS | {
    "sweep_interval": float(os.environ["TEST_SWEEP_INTERVAL"]),
    "provider_timeout": int(os.environ["TEST_PROVIDER_TIMEOUT"]),
}
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["TEST_SMTP_PORT"])

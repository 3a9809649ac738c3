"""Settings of the hub's own project. Everything comes from the environment: `.env.example` and `docs/operating.md` say what."""

import json
from pathlib import Path
from typing import Any

import environ

from project.logs import logging_settings

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.FileAwareEnv()
# Written by `make run` while its PostgreSQL and Redis are up, so that manage.py works beside it.
SERVICES_ENV = BASE_DIR / ".hub" / "services.env"
if SERVICES_ENV.exists():
    environ.Env.read_env(str(SERVICES_ENV))

DEBUG = env.bool("HUB_DEBUG", default=False)
DEMO = env.bool("HUB_DEMO", default=False)
SECRET_KEY = env.str("HUB_SECRET_KEY")
ALLOWED_HOSTS = env.list("HUB_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
PUBLIC_URL = env.str("HUB_PUBLIC_URL", default=f"http://127.0.0.1:{env.int('HUB_PORT', default=8000)}")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
HUB_MAILBOX_URL = env.str("HUB_MAILBOX_URL", default="http://127.0.0.1:8025/")
# The providers' emulators of `make run`; empty: there are none.
HUB_EMULATORS_URL = env.str("HUB_EMULATORS_URL", default="")

INSTALLED_APPS = [
    "project.runserver.Runserver",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "channels",
    "rest_framework",
    "drf_spectacular_sidecar",
    "anymail",
    "hub",
    "consumers",
    "deliveries",
    *(["project.demo"] if DEMO else []),
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "project.static.StaticFilesMiddleware",
    "hub.api.middleware.RequestIdMiddleware",
    "hub.api.hosts.HostMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "project.urls"
ASGI_APPLICATION = "project.asgi.application"
# Requests at work at once, a process. Each holds a connection of the pool; the live edge's threads take eight more.
HUB_WEB_THREADS = env.int("HUB_WEB_THREADS", default=12)
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    # A request may meet any thread: connections belong to the pool, never to a thread.
    "CONN_MAX_AGE": 0,
    # A pool would otherwise hand out connections that died with a restarted PostgreSQL.
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        # Prepared statements: planning the fan-out's takes longer than running it. (PgBouncer: 1.21 or later.)
        "server_side_binding": True,
        "prepare_threshold": 2,
        "pool": {"min_size": 2, "max_size": env.int("HUB_DB_POOL", default=20), "timeout": 10},
        # On an SSD an index costs what it reads. The default of 4, meant for disks, makes the planner read and sort a
        # subscriber's whole inbox for a page of it.
        "options": "-c random_page_cost=1.1 -c statement_timeout=30000 -c idle_in_transaction_session_timeout=30000 "
        "-c timezone=UTC",
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CHANNEL_LAYERS = {
    "default": {"BACKEND": "consumers.layer.DirectChannelLayer", "CONFIG": {"hosts": [REDIS_URL], "prefix": "hub"}}
}
CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default=REDIS_URL)

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="smtp://127.0.0.1:8026")
EMAIL_HOST = EMAIL_CONFIG["EMAIL_HOST"]
EMAIL_PORT = EMAIL_CONFIG["EMAIL_PORT"]
EMAIL_HOST_USER = EMAIL_CONFIG["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = EMAIL_CONFIG["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = EMAIL_CONFIG.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = EMAIL_CONFIG.get("EMAIL_USE_SSL", False)
EMAIL_BACKEND = env.str("HUB_EMAIL_BACKEND", default="deliveries.providers.smtp.SmtpBackend")
DEFAULT_FROM_EMAIL = env.str("HUB_FROM_EMAIL", default="Notification Hub <hub@localhost>")
ANYMAIL = env.json("ANYMAIL", default={})


def demo_providers(file: str) -> dict[str, dict[str, Any]]:
    """The accounts of `make run` with its emulators, from the file that it wrote; mail that none of them takes goes by the
    setting EMAIL_URL."""
    return (json.loads(Path(file).read_text()) if file else {}) | {"mail": {"kind": "django"}}


HUB = {
    "public_url": PUBLIC_URL,
    "providers": demo_providers(env.str("HUB_DEMO_PROVIDERS", default="")),
    "from_email": DEFAULT_FROM_EMAIL,
    "operator_token": env.str("HUB_OPERATOR_TOKEN", default=""),
    "open_registration": DEMO,
    **({"providers": env.json("HUB_PROVIDERS")} if "HUB_PROVIDERS" in env or "HUB_PROVIDERS_FILE" in env else {}),
    "outbound_exempt": tuple(env.list("HUB_OUTBOUND_EXEMPT", default=[])),
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
# Where collectstatic puts files, if anywhere: WhiteNoise also serves them from where they are.
STATIC_ROOT = env.str("HUB_STATIC_ROOT", default=None)
STATICFILES_DIRS = (
    [("hub", BASE_DIR / "frontend-sdk" / "dist")] if (BASE_DIR / "frontend-sdk" / "dist").is_dir() else []
)
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# What people read on a screen, or what machines collect.
LOGGING = logging_settings(
    env.str("HUB_LOG_FORMAT", default="console" if DEBUG or DEMO else "json"), env.str("HUB_LOG_LEVEL", default="INFO")
)

"""Settings of the portal: one file, read from the environment; README lists the variables.

Where DATABASE_URL is not set, the running portal of this checkout is used: `make run` writes its
addresses into ``run.json`` (londonpsn/embedded/data_directory.py).
"""

import importlib.util
import logging
from datetime import date
from pathlib import Path

import environ
import pghistory
import pgtrigger
import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from londonpsn.embedded import data_directory

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
run = data_directory.read_run()

if importlib.util.find_spec("psycopg"):
    raise ImproperlyConfigured(
        "psycopg 3 is installed, and Django would use it instead of psycopg2. "
        "Remove it: pip uninstall psycopg"
    )

# Whose data: production names its own database, the demo is found through run.json.
PRODUCTION = "DATABASE_URL" in env
DEMO = env("DEMO", default="" if PRODUCTION else run.get("demo", ""))
DEBUG = env.bool("DEBUG", default=False)
if "SECRET_KEY" in env:
    SECRET_KEY = env("SECRET_KEY")
elif PRODUCTION:
    raise ImproperlyConfigured(
        "SECRET_KEY is not set. With DATABASE_URL set the portal needs a secret key of its own: "
        "set SECRET_KEY to a long random text, and keep it the same at every start."
    )
else:
    SECRET_KEY = data_directory.secret_key()

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Time: the day the portal takes for today is a fact of the business; moments are always real.
TIME_ZONE = "Europe/London"
USE_TZ = True
DEMO_DAY = "2014-06-30" if DEMO in ("small", "london") else ""
_today = env("PORTAL_TODAY", default="" if PRODUCTION else run.get("portal_today", "")) or DEMO_DAY
try:
    PORTAL_TODAY = date.fromisoformat(_today) if _today else None
except ValueError:
    raise ImproperlyConfigured(
        f"PORTAL_TODAY is “{_today}”. Write a day as 2014-06-30, or leave it out for the real day."
    ) from None

CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "gds"
LANGUAGE_CODE = "en-gb"
USE_I18N = True

INSTALLED_APPS = [
    "londonpsn",
    "procurement",
    "services",
    "boroughs",
    "londonpsn.home.apps.PortalAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "crispy_forms",
    "crispy_forms_gds",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "pghistory",
    "pgtrigger",
    "rest_framework",
]

MIDDLEWARE = [
    "londonpsn.home.health.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "londonpsn.home.health.DatabaseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "boroughs.authorization.AccessMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "londonpsn.home.views.RefusalMiddleware",
]

ROOT_URLCONF = "londonpsn.urls"
WSGI_APPLICATION = "londonpsn.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["londonpsn.common.template_filters"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "londonpsn.home.context.portal",
            ],
        },
    }
]

# PostgreSQL, the only database.
DATABASE_URL = env("DATABASE_URL", default=run.get("database_url") or "")
DATABASES = {
    "default": env.db_url_config(DATABASE_URL or "postgres:////nowhere/portal")
    | {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        # A server process whose worker was killed notices within a second, and its locks are free.
        # Two letters swapped cost a word of six nearly half of its trigrams: search is to find it.
        "OPTIONS": {
            "options": "-c client_connection_check_interval=1000"
            " -c pg_trgm.word_similarity_threshold=0.5",
            "connect_timeout": 5,
        },
    }
}
# Row history (boroughs/models/row_history.py). The audit event of the same transaction tells who.
PGHISTORY_LEVEL = pgtrigger.Statement  # one statement's rows are kept by one statement
PGHISTORY_FOREIGN_KEY_FIELD = pghistory.ForeignKey(db_index=False)  # looked up by object alone
PGHISTORY_OBJ_FIELD = pghistory.ObjForeignKey(related_name="rows")

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Celery on Redis. The truth about what is to be done stands in boroughs.JobRun; a message only
# wakes a worker, so nothing is kept as a result and losing one costs a minute.
REDIS_URL = env("REDIS_URL", default=run.get("redis_url") or "unix:///nowhere/valkey.sock?db=0")
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace(
    "?db=", "?virtual_host="
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False  # a write does not wait for a broker that is down
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 1800,
    # Kombu looks for lost messages every 100 s unless told otherwise.
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 2,
    "socket_timeout": 15,
    # Without these a write would wait six seconds for a broker that is down.
    "max_retries": 1,
    "interval_start": 0.1,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "redbeat.RedBeatScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5

# People.
AUTH_USER_MODEL = "boroughs.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]

# Security. A portal that names its public hosts is served over TLS; without ALLOWED_HOSTS it
# answers to this machine's own names only, over plain HTTP.
SECURE = env.bool("SECURE", default="ALLOWED_HOSTS" in env)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

CSRF_FAILURE_VIEW = "londonpsn.home.views.form_not_taken"

# What people send: up to a limit, and kept here between looking over and loading.
FILE_UPLOAD_HANDLERS = ["londonpsn.common.uploads.CappedUploadHandler"]
UPLOADS = data_directory.data_directory() / "uploads"

# Who answers for the portal; the public pages say so. Without them it is a demonstration.
CONTROLLER_NAME = env("CONTROLLER_NAME", default="")
CONTROLLER_EMAIL = env("CONTROLLER_EMAIL", default="")
SECURITY_CONTACT = env("SECURITY_CONTACT", default=CONTROLLER_EMAIL)

# Static files: our own, and what npm built.
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [
    path
    for path in (BASE_DIR / "londonpsn/frontend/static", BASE_DIR / "londonpsn/frontend/dist")
    if path.exists()
]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# The JSON API.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "boroughs.api.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "boroughs.api.pages.Pages",
    "DEFAULT_FILTER_BACKENDS": ["boroughs.api.filters.CouncilFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "londonpsn.api.answer",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNICODE_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LondonPSN portal",
    "DESCRIPTION": (
        "What London's 33 councils have, what they are moving to, what they pay and what it saves. "
        "Money is a string in pounds without recoverable VAT, days are ISO dates, "
        "periods are half-open: an end is the first day without."
    ),
    "VERSION": "1",
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "BodyKindEnum": "boroughs.models.council.BodyKind",
        "CouncilKindEnum": "boroughs.models.council.CouncilKind",
        "ContractKindEnum": "services.models.contract.ContractKind",
        "ContractStageEnum": "services.models.contract.ContractStage",
        "JobRunKindEnum": "boroughs.models.jobs.JobRunKind",
    },
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# Every line of the log names the request that it belongs to, as audit events do.
IN_EVERY_LINE = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *IN_EVERY_LINE,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # addresses stand in the security log alone
DJANGO_STRUCTLOG_STATUS_START_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_DEFAULT_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_2XX_LOG_LEVEL = logging.DEBUG
DJANGO_STRUCTLOG_STATUS_4XX_LOG_LEVEL = logging.DEBUG
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.KeyValueRenderer(key_order=["level", "logger", "event"]),
            ],
            "foreign_pre_chain": IN_EVERY_LINE,
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"django.request": {"level": "ERROR"}, "celery.redirected": {"level": "WARNING"}},
}
SILENCED_SYSTEM_CHECKS = []

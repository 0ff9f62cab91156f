"""Settings of the portal: one file, read from the environment; README lists the variables.

Where DATABASE_URL is not set, the running portal of this checkout is used: `make run` writes its
addresses into ``run.json`` (londonpsn/embedded/data_directory.py).
"""

import importlib.util
import logging
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

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

# Earlier keys, while what was signed or encrypted with them is still about.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

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
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
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
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "londonpsn.home.limits.RequestSizeMiddleware",
    "londonpsn.home.health.DatabaseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "londonpsn.home.signing_in.middleware.SessionTimeMiddleware",
    "boroughs.authorization.AccessMiddleware",
    "londonpsn.home.signing_in.middleware.SignInRequiredMiddleware",
    "londonpsn.home.signing_in.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
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
                "londonpsn.home.signing_in.sessions.for_pages",
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

# What is counted for a minute or so. Nothing depends on it: it may be empty at any time.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "londonpsn",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 1},
    }
}

# People.
AUTH_USER_MODEL = "boroughs.User"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
]

PASSWORD_RESET_TIMEOUT = 60 * 60  # seconds that the link in a mail holds

# Signing in, by django-allauth. Its own limits of tries count in a cache, where fifty at once slip
# through: they are off, and londonpsn/home/signing_in/tries.py counts in the database.
SIGN_IN_TRIES_PER_ADDRESS = env.int("SIGN_IN_TRIES_PER_ADDRESS", default=100)  # in five minutes
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXIES", default=0)
ACCOUNT_ADAPTER = "londonpsn.home.signing_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = MFA_RATE_LIMITS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_FORMS = {
    "login": "londonpsn.home.signing_in.forms.SignInForm",
    "change_password": "londonpsn.home.signing_in.forms.ChangePasswordForm",
    "reset_password": "londonpsn.home.signing_in.forms.AskForPasswordForm",
    "reset_password_from_key": "londonpsn.home.signing_in.forms.SetNewPasswordForm",
    "reauthenticate": "londonpsn.home.signing_in.forms.ConfirmPasswordForm",
}
# allauth's own token would write each mail address into a second table.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105, a class
MFA_ADAPTER = "londonpsn.home.signing_in.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "LondonPSN"
MFA_TOTP_TOLERANCE = 1  # half a minute that a phone's clock may differ
MFA_FORMS = {
    "authenticate": "londonpsn.home.signing_in.forms.CodeForm",
    "reauthenticate": "londonpsn.home.signing_in.forms.ConfirmCodeForm",
    "activate_totp": "londonpsn.home.signing_in.forms.SetUpAppForm",
    "add_webauthn": "londonpsn.home.signing_in.forms.AddKeyForm",
    "edit_webauthn": "londonpsn.home.signing_in.forms.RenameKeyForm",
}
USERSESSIONS_ADAPTER = "londonpsn.home.signing_in.adapters.SessionsAdapter"

# A council's own sign-in (OpenID Connect), switched on by naming it. Entra ID does not always say
# that it has checked a mail address: OIDC_MAIL_IS_VERIFIED says so for it. A provider that is
# believed to ask for a second factor is not followed by ours when it says that it has.
OIDC_SERVER_URL = env("OIDC_SERVER_URL", default="")
# The mail domains that it answers for; none is all of the councils'. A provider that does not say
# itself that it has checked an address has to be held to its own.
OIDC_DOMAINS = [domain.lower() for domain in env.list("OIDC_DOMAINS", default=[])]
if env.bool("OIDC_MAIL_IS_VERIFIED", default=False) and not OIDC_DOMAINS:
    raise ImproperlyConfigured(
        "OIDC_MAIL_IS_VERIFIED is set without OIDC_DOMAINS. Name the mail domains that this "
        "provider answers for, for example camden.gov.uk."
    )
OIDC_ASSERTS_SECOND_FACTOR = env.bool("OIDC_ASSERTS_SECOND_FACTOR", default=False)
SOCIALACCOUNT_ADAPTER = "londonpsn.home.signing_in.openid.OpenIDAdapter"
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {"provider_class": "londonpsn.home.signing_in.openid.Provider", "APPS": []}
}
if OIDC_SERVER_URL:
    SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"].append(
        {
            "provider_id": "council",
            "name": env("OIDC_NAME", default="your council"),
            "client_id": env("OIDC_CLIENT_ID"),
            "secret": env("OIDC_CLIENT_SECRET"),
            "settings": {
                "server_url": OIDC_SERVER_URL,
                "verified_email": env.bool("OIDC_MAIL_IS_VERIFIED", default=False),
            },
        }
    )

# Mail: to a server named as smtp+tls://user:password@host:587, else into files that nobody sends.
if "EMAIL_URL" in env:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = data_directory.data_directory() / "mail"
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", default="LondonPSN <portal@localhost>")

# A message to the next page travels in the session: no third cookie.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# Security. A portal that names its public hosts is served over TLS; without ALLOWED_HOSTS it
# answers to this machine's own names only, over plain HTTP.
SECURE = env.bool("SECURE", default="ALLOWED_HOSTS" in env)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60  # and no longer, however much it is used
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_IDLE_SECONDS = round(60 * env.float("SESSION_IDLE_MINUTES", default=30.0))
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=SECURE)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A form that leads on to a council's own sign-in counts as sent to it.
_at = urlsplit(OIDC_SERVER_URL)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF, *([f"{_at.scheme}://{_at.netloc}"] if _at.netloc else [])],
        "frame-ancestors": [NONE],
    }
}

# What no page uses is switched off in the browser.
PERMISSIONS_POLICY = {
    feature: []
    for feature in (
        *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media"),
        *("fullscreen", "geolocation", "gyroscope", "hid", "magnetometer", "microphone", "midi"),
        *("payment", "picture-in-picture", "screen-wake-lock", "serial", "usb"),
        "xr-spatial-tracking",
    )
}

CSRF_FAILURE_VIEW = "londonpsn.home.views.form_not_taken"

# What people send: up to a limit, and kept here between looking over and loading.
FILE_UPLOAD_HANDLERS = ["londonpsn.common.uploads.CappedUploadHandler"]
UPLOADS = data_directory.data_directory() / "uploads"
DOCUMENTS = Path(env("DOCUMENTS", default=str(data_directory.data_directory() / "documents")))
MOST_BYTES_A_REQUEST = 25 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # of what is no file
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1_000
DATA_UPLOAD_MAX_NUMBER_FILES = 10
WEB_STATEMENT_SECONDS = env.int("WEB_STATEMENT_SECONDS", default=30)  # londonpsn/wsgi.py

# How long things are kept (rules of the portal, 6.3): the security log between 6 and 24 months,
# records of a contract as long as it runs and six years of limitation after it, other records of
# the business seven years, and neither less than three years (Procurement Act 2023, section 98).
RETENTION = {
    "SECURITY_MONTHS": env.int("RETENTION_SECURITY_MONTHS", default=13),
    "CONTRACT_YEARS": env.int("RETENTION_CONTRACT_YEARS", default=6),
    "BUSINESS_YEARS": env.int("RETENTION_BUSINESS_YEARS", default=7),
    "SHORT_YEARS": env.int("RETENTION_SHORT_YEARS", default=1),
}
_at_least = {"SECURITY_MONTHS": 6, "CONTRACT_YEARS": 3, "BUSINESS_YEARS": 3, "SHORT_YEARS": 1}
_at_most = {"SECURITY_MONTHS": 24}
for _name, _length in RETENTION.items():
    if _length < _at_least[_name]:
        raise ImproperlyConfigured(
            f"RETENTION_{_name} is {_length}. It has to be {_at_least[_name]} at least."
        )
    if _length > _at_most.get(_name, _length):
        raise ImproperlyConfigured(
            f"RETENTION_{_name} is {_length}. It can be {_at_most[_name]} at most."
        )

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
API_PERMISSIONS = [
    "rest_framework.permissions.IsAuthenticated",
    "boroughs.api.authentication.TokenMayWrite",
]
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "boroughs.api.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": API_PERMISSIONS,
    "DEFAULT_THROTTLE_CLASSES": ["boroughs.api.throttling.PerMinute"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "boroughs.api.pages.Pages",
    "DEFAULT_FILTER_BACKENDS": ["boroughs.api.filters.CouncilFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "londonpsn.api.answer",
    "COERCE_DECIMAL_TO_STRING": True,
    "UNICODE_JSON": True,
}
API_REQUESTS_A_MINUTE = env.int("API_REQUESTS_A_MINUTE", default=600)  # of a token, of a person
SPECTACULAR_SETTINGS = {
    "TITLE": "LondonPSN portal",
    "DESCRIPTION": (
        "What London's 33 councils have, what they are moving to, what they pay and what it saves. "
        "Money is a string in pounds without recoverable VAT, days are ISO dates, "
        "periods are half-open: an end is the first day without."
    ),
    "VERSION": "1",
    "SERVE_PERMISSIONS": API_PERMISSIONS,
    "SERVE_INCLUDE_SCHEMA": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "londonpsn.api.document_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "BodyKindEnum": "boroughs.models.council.BodyKind",
        "CarrierEnum": "boroughs.api.documents.KINDS",
        "NotedEnum": "boroughs.api.documents.NOTED",
        "CouncilKindEnum": "boroughs.models.council.CouncilKind",
        "ContractKindEnum": "services.models.contract.ContractKind",
        "ContractStageEnum": "services.models.contract.ContractStage",
        "DocumentKindEnum": "boroughs.models.document.DocumentKind",
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

"""Settings of the one process image that serves web, jobs, clocks and mail. Everything an operator sets is an
environment variable, documented in docs/operations.md; nothing else is read from outside."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from urllib.parse import unquote, urlparse

from django.utils.translation import gettext_lazy as _

ROOT = Path(__file__).resolve().parent.parent.parent
WEB = Path(__file__).resolve().parent
DATA = Path(os.environ.get("SHOUNUO_DATA") or Path.cwd() / "var").resolve()
DEBUG = os.environ.get("SHOUNUO_DEBUG") == "1"


def _keys(variable: str, file: str) -> list[str]:
    """Newest first. From the variable (comma separated), else from a file made 0600 in the data folder."""
    if os.environ.get(variable):
        return [k.strip() for k in os.environ[variable].split(",") if k.strip()]
    if os.environ.get("DATABASE_URL"):
        raise SystemExit(f"{variable} must be set when DATABASE_URL is set: all machines share one key")
    path = DATA / "keys" / file
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(0o600)
        fresh.write_text(secrets.token_urlsafe(48) + "\n")
        try:
            os.link(fresh, path)  # never overwrites: of two first starts one wins
        except FileExistsError:
            path.read_text()
        finally:
            fresh.unlink()
    return [line for line in path.read_text().split() if line]


_secret_keys = _keys("SHOUNUO_SECRET_KEY", "secret.key")
SECRET_KEY, SECRET_KEY_FALLBACKS = _secret_keys[0], _secret_keys[1:]
SHOUNUO_DATA_KEYS = _keys("SHOUNUO_DATA_KEY", "data.key")


def _database() -> dict[str, object]:
    url = os.environ.get("DATABASE_URL")
    if url:
        parts = urlparse(url)
        where: dict[str, object] = {
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or 5432),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "NAME": parts.path.lstrip("/") or "shounuo",
        }
    else:
        from shounuo.web.ops.postgres import Embedded

        dsn = Embedded(DATA / "postgres").dsn()
        where = {"HOST": dsn["host"], "PORT": dsn["port"], "USER": dsn["user"], "NAME": dsn["dbname"]}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **where,
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": False,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {
            "prepare_threshold": 5,  # for kernel.prepared alone: Django's own cursors never prepare
            "pool": {"min_size": 1, "max_size": int(os.environ.get("SHOUNUO_DB_POOL", "24")), "timeout": 20},
            "options": "-c statement_timeout=30000 -c lock_timeout=15000 -c idle_in_transaction_session_timeout=60000",
        },
    }


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

PARTS = [
    "events",
    "staff",
    "audit",
    "files",
    "calendars",
    "notices",
    "metrics",
    "duties",
    "policy",
    "commitments",
    "customers",
    "agreements",
    "cases",
    "channels",
    "analytics",
    "process",
    "risk",
    "improvement",
]
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "template_partials.apps.SimpleAppConfig",
    "procrastinate.contrib.django",
    *[f"shounuo.{part}" for part in PARTS],
    "shounuo.web",
]
PROCRASTINATE_IMPORT_PATHS = ["shounuo.web.schedule"]
PROCRASTINATE_ON_APP_READY = None

MIDDLEWARE = [
    "shounuo.web.middleware.HealthFirst",
    "shounuo.web.middleware.RequestLog",
    "shounuo.web.middleware.TrustedProxy",
    "shounuo.web.middleware.SecurityHeaders",
    "shounuo.web.middleware.NoNul",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "shounuo.web.middleware.Preferences",
    "django.middleware.csrf.CsrfViewMiddleware",
    "shounuo.web.middleware.SetUpFirst",
    "shounuo.web.middleware.SecondFactorFirst",
    "shounuo.web.middleware.Problems",
]
ROOT_URLCONF = "shounuo.web.urls"
ASGI_APPLICATION = "shounuo.web.asgi.application"
ALLOWED_HOSTS = [
    "*"
]  # the public address of the set-up page is what links are made with, never the Host header
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [WEB / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csrf",
                "shounuo.web.context.shell",
            ],
            "builtins": ["template_partials.templatetags.partials", "django.templatetags.i18n"],
        },
    }
]

AUTH_USER_MODEL = "staff.Person"
AUTHENTICATION_BACKENDS = ["shounuo.staff.signin.Backend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "shounuo.staff.passwords.LongEnough", "OPTIONS": {"min_length": 10}},
    {"NAME": "shounuo.staff.passwords.NotCommon"},
    {"NAME": "shounuo.staff.passwords.NotOneself"},
]
LOGIN_URL = "signin"
SESSION_COOKIE_NAME = "shounuo"
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "shounuo.web.errors.csrf_failed"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [WEB / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = (
    "Asia/Shanghai"  # days, windows and display; the organisation's own zone is kept in its settings row
)

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("SHOUNUO_STATIC") or DATA / "static")
STATICFILES_DIRS = [WEB / "static", WEB / "vendor"]
STORAGES = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "files"},
    },
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
if os.environ.get("SHOUNUO_S3_BUCKET"):  # several machines share their files: pip install django-storages[s3]
    STORAGES["default"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": os.environ["SHOUNUO_S3_BUCKET"],
            "endpoint_url": os.environ.get("SHOUNUO_S3_ENDPOINT"),
            "access_key": os.environ.get("SHOUNUO_S3_ACCESS_KEY"),
            "secret_key": os.environ.get("SHOUNUO_S3_SECRET_KEY"),
            "default_acl": "private",
            "file_overwrite": True,  # content is named by its hash
            "querystring_auth": True,
        },
    }
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_MAX_AGE = 31536000

DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SHOUNUO_TRUSTED_PROXIES = [p for p in os.environ.get("SHOUNUO_TRUSTED_PROXIES", "").split(",") if p]
SHOUNUO_METRICS_TOKEN = os.environ.get("SHOUNUO_METRICS_TOKEN", "")
SHOUNUO_DELIVERY = os.environ.get("SHOUNUO_DELIVERY", "on")  # off: nothing leaves the house (demo, imports)
SHOUNUO_EGRESS_ALLOW = [p for p in os.environ.get("SHOUNUO_EGRESS_ALLOW", "").split(",") if p]
SHOUNUO_LLM_URL = os.environ.get("SHOUNUO_LLM_URL", "")  # an OpenAI-compatible endpoint; none: no assistant
SHOUNUO_LLM_MODEL = os.environ.get("SHOUNUO_LLM_MODEL", "")
SHOUNUO_LLM_KEY = os.environ.get("SHOUNUO_LLM_KEY", "")
SHOUNUO_WEB_THREADS = int(os.environ.get("SHOUNUO_WEB_THREADS", "12"))  # requests at work in a web process
SHOUNUO_API_RATE = int(os.environ.get("SHOUNUO_API_RATE", "30000"))  # requests a minute of one token
SHOUNUO_SMTP_CERT = os.environ.get(
    "SHOUNUO_SMTP_CERT", ""
)  # PEM with chain; a self-made one where it is empty
SHOUNUO_SMTP_KEY = os.environ.get("SHOUNUO_SMTP_KEY", "")
MAX_MESSAGE_BYTES = int(os.environ.get("SHOUNUO_MAX_MESSAGE_MB", "35")) * 1024 * 1024
MAX_FILE_BYTES = int(os.environ.get("SHOUNUO_MAX_FILE_MB", "25")) * 1024 * 1024

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "shounuo.web.logs.JsonFormatter"}},
    "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["err"], "level": os.environ.get("SHOUNUO_LOG", "INFO")},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.security.DisallowedHost": {"level": "ERROR"},
        "procrastinate": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
        "mail.log": {"level": "WARNING"},
        "jieba": {"level": "WARNING"},
    },
}
# W004: web/vendor is made by script/assets. auth.W004: logins are unique in lower case, by a constraint.
SILENCED_SYSTEM_CHECKS = ["staticfiles.W004", "auth.W004"]
LANGUAGE_NAMES = {"zh-hans": _("简体中文"), "en": _("英文")}

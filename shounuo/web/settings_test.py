"""Settings of the test run: fast hasher, plain static files, data in a folder of its own."""

import os
import tempfile
from pathlib import Path

_run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
# A server for each worker: the open transactions of one would hold back what another reads of the log by position.
_data = Path(tempfile.gettempdir()) / f"shounuo-test-{_run[:12]}{os.environ.get('PYTEST_XDIST_WORKER', '')}"
os.environ["SHOUNUO_DATA"] = str(_data)
os.environ.setdefault("SHOUNUO_SECRET_KEY", "test-secret-key-of-the-test-run-only-0123456789")
os.environ.setdefault("SHOUNUO_DATA_KEY", "test-data-key-of-the-test-run-only-0123456789")

from shounuo.web.settings import *  # noqa: E402, F403
from shounuo.web.settings import DATABASES, LOGGING, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
SHOUNUO_DELIVERY = "test"
DATABASES["default"] |= {
    "OPTIONS": {
        "pool": False,  # a test's connection is its own
        "options": "-c statement_timeout=60000 -c lock_timeout=15000",
    },
    "TEST": {"NAME": "shounuo_test"},
}
LOGGING |= {"root": {"handlers": ["err"], "level": "WARNING"}}

"""The test run: an embedded PostgreSQL of its own, no network beyond this machine, no real deliveries."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest


def pytest_configure(config):
    os.environ.setdefault("SHOUNUO_DEBUG", "0")
    if not hasattr(config, "workerinput"):  # once for all workers: pages are tested in English too
        subprocess.run([config.rootpath / "script" / "messages", "--compile"], check=True)


@pytest.fixture(scope="session", autouse=True)
def _folder():
    """The data folder of this worker: made here and not where settings are read, so that other commands leave none."""
    from django.conf import settings

    (settings.DATA / "static").mkdir(
        parents=True, exist_ok=True
    )  # where an installation's collected files lie
    yield
    shutil.rmtree(settings.DATA, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def _pages_are_loaded():
    """All pages are imported before a test turns the clock: what is first imported meanwhile would keep the turned one."""
    import shounuo.web.urls  # noqa: F401


@pytest.fixture(scope="session")
def _embedded_postgres(_folder):
    """The embedded server of this worker, which need not outlive a power cut."""
    from django.conf import settings
    from django.db import connections

    from shounuo.web.ops.postgres import Embedded

    if os.environ.get("DATABASE_URL"):
        yield None
        return
    server = Embedded(settings.DATA / "postgres")
    server.start()
    server.stop()
    with (server.pgdata / "postgresql.conf").open("a") as conf:
        conf.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\nmax_connections = 200\n")
    server.start()
    yield server
    connections.close_all()
    server.stop("immediate")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(_embedded_postgres, django_db_modify_db_settings_parallel_suffix):
    """The server is up before pytest-django makes its databases."""


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Connections may go to this machine only."""
    real = socket.socket.connect

    def connect(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            host = str(address[0])
            if not (host.startswith("127.") or host in ("::1", "localhost")):
                raise OSError(f"tests do not reach {host}")
        return real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def _what_is_kept_is_a_tests_own():
    """What a process keeps for two seconds is read anew by each test, for a rolled-back one must leave nothing behind, and
    then stays: no count of queries and no page may depend on how long a test takes."""
    from shounuo.calendars import queries as calendars
    from shounuo.staff import queries as staff
    from shounuo.web.policies import previews

    staff.forget_organisation()
    calendars._cache.clear()
    calendars._unsure.clear()
    with pytest.MonkeyPatch.context() as kept:
        kept.setattr(staff, "_TTL", float("inf"))
        kept.setattr(calendars, "TRUST_SECONDS", float("inf"))
        kept.setattr(previews, "BUDGET", float("inf"))
        yield


@pytest.fixture
def patience() -> float:
    """How many times longer than on a machine with nothing else to do something may take just now; at least 1."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@pytest.fixture
def samples() -> Path:
    """The folder of public sample material; tests that want it skip where it is not named."""
    folder = os.environ.get("SHOUNUO_SAMPLES")
    if not folder or not Path(folder).is_dir():
        pytest.skip("SHOUNUO_SAMPLES names no folder of sample material")
    return Path(folder)


@pytest.fixture(scope="session", autouse=True)
def _flush_append_only_tables():
    """Tests that commit are followed by a flush; it alone may empty the append-only tables."""
    from django.db.backends.postgresql.operations import DatabaseOperations

    real = DatabaseOperations.execute_sql_flush

    def flush(self, sql_list):
        return real(self, ["SET LOCAL session_replication_role = replica", *sql_list])

    DatabaseOperations.execute_sql_flush = flush
    yield
    DatabaseOperations.execute_sql_flush = real

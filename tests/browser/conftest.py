"""A real browser on a real server: uvicorn with the ASGI application, so that live pages work, on the test database."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Said by the browser itself about answers that are meant (a refused form, an address that is not there).
EXPECTED = ("Failed to load resource: the server responded with a status of 4",)


@pytest.hookimpl(tryfirst=True)  # before -m chooses by marker
def pytest_collection_modifyitems(items):
    """Without a browser each of these tests is skipped, and says why."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.browser)
            if not CHROMIUM.exists():
                item.add_marker(pytest.mark.skip(reason=f"no {CHROMIUM}: apt-get install chromium"))


@dataclass
class Site:
    """The running server and who is in it. `open` gives a page of a new browser context; what a page complains of is
    gathered in `complaints`."""

    url: str
    browser: object
    world: object
    complaints: list[str] = field(default_factory=list)
    contexts: list = field(default_factory=list)

    def open(self, path: str = "/", *, person=None, viewport=WIDE, scripts=True, locale="zh-CN", **more):
        from shounuo.staff.testing import sign_in_client

        context = self.browser.new_context(
            viewport=viewport, java_script_enabled=scripts, locale=locale, timezone_id="Asia/Shanghai", **more
        )
        self.contexts.append(context)
        if person is not None:
            from django.test import Client

            client = Client()
            person.refresh_from_db()
            sign_in_client(client, person)
            session = {"name": "shounuo", "value": client.cookies["shounuo"].value, "url": self.url}
            context.add_cookies([session])
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._listen(page, said))
        page.goto(self.url + path)
        return page

    def open_live(self, path, **more):
        """As `open`, and hears of what happens from then on."""
        page = self.open(path, **more)
        page.wait_for_selector("html[data-live-up]")
        return page

    def _listen(self, page, said):
        meant = said.text.startswith(EXPECTED) and "/static/" not in said.location.get("url", "")
        if said.type in ("error", "warning") and not meant:
            self.complaints.append(f"{page.url}: {said.text}")

    def close(self):
        for context in self.contexts:
            context.close()
        self.contexts.clear()


@pytest.fixture(scope="package")
def _browser() -> Iterator:
    from django.contrib.staticfiles import finders

    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    assert finders.find("lib/htmx.min.js"), "the page assets are missing: run script/setup"
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # playwright runs a loop of its own in this thread
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@contextmanager
def serving() -> Iterator[str]:
    """The ASGI application with its static files, in a thread of its own."""
    import uvicorn
    from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler

    from shounuo.web.asgi import application

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(
            uvicorn.Config(
                ASGIStaticFilesHandler(application),
                log_config=None,
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


@pytest.fixture(scope="package")
def _database(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The test database. pytest-django makes it only where a test is marked for it, and would then empty it after each;
    these tests share one department instead."""
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        if "test" in connection.settings_dict["NAME"]:
            yield
            return
        made = setup_databases(verbosity=0, interactive=False)
        yield
        connection.close()
        teardown_databases(made, verbosity=0)


@pytest.fixture(scope="package")
def _house(_database, django_db_blocker, _browser) -> Iterator[Site]:
    """One department for all tests of this folder, taken away at the end."""
    from django.core.management import call_command
    from django.db import connection

    from tests.browser.department import make_department

    with django_db_blocker.unblock():
        call_command("flush", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")  # tests that commit leave them behind
        world = make_department()
        with serving() as url:
            site = Site(url, _browser, world)
            yield site
            site.close()
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs")
            cursor.execute(  # a live page's listener may not have ended yet
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        call_command("flush", interactive=False, verbosity=0)
        connection.close()


@pytest.fixture
def site(_house) -> Iterator[Site]:
    """The department, and afterwards: no script error, no violation of the content security policy, no warning."""
    _house.complaints.clear()
    yield _house
    _house.close()
    assert _house.complaints == []

"""The figures of the product, measured on one machine in one run, as a table with ratios to bare SQL.

Each measurement says what it reached, what is wanted, and, where rows are written, the same rows written by bare SQL in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import smtplib
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.client import Connection
from bench.crash import prepare, wait_until_quiet
from bench.serving import Serving, django_on


@dataclass
class Table:
    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, name: str, reached: str, wanted: str, held: bool | None) -> None:
        verdict = {True: "ok", False: "MISSED", None: ""}[held]
        self.rows.append((name, reached, wanted, verdict))
        print(f"  {name}: {reached}  (wanted {wanted}) {verdict}", flush=True)

    def print(self) -> None:
        widths = [max(len(row[i]) for row in self.rows) for i in range(4)]
        for row in self.rows:
            print("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip())


@dataclass
class Bench:
    serving: Serving
    token: str
    table: Table
    cases: int
    cookie: str = ""
    numbers: list[int] = field(default_factory=list)

    # -- writing -------------------------------------------------------------------------------------------------
    def api(self, seconds: float = 60) -> None:
        """Cases opened over HTTP with clocks, one worker running; then until the queue is empty."""
        plain = self.bare_sql(5.0)
        before = self.clock_count()
        opened = asyncio.run(self._open_for(seconds, connections=6))
        rate = opened / seconds
        began = time.monotonic()
        wait_until_quiet(self.serving)
        quiet = time.monotonic() - began
        clocks = self.clock_count() - before
        self.table.add("API: cases opened /s", f"{rate:.0f}", ">= 120", rate >= 120)
        self.table.add("API: clocks per case opened", f"{clocks / max(opened, 1):.1f}", "> 0", clocks > 0)
        self.table.add("API: queue empty after", f"{quiet:.1f} s", "<= 60 s", quiet <= 60)
        self.table.add("bare SQL: same rows /s, one connection", f"{plain:.0f}", "", None)
        self.table.add("API / bare SQL", f"{rate / plain:.2f}", "", None)

    async def _open_for(self, seconds: float, connections: int) -> int:
        end = time.monotonic() + seconds
        counter = iter(range(10**9))

        async def one() -> int:
            connection = Connection(
                self.serving.port,
                {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            )
            done = 0
            while time.monotonic() < end:
                n = next(counter)
                body = json.dumps(
                    {
                        "channel": "api", "kind": "complaint", "subject": f"育肥料到货结块 {n}",
                        "body": "今天卸车发现袋底结块，不敢喂，请尽快处理。", "level": "L2",
                        "customer": {"name": "宋建国", "mail": f"b{n}@bench.example.com"},
                    }
                ).encode()  # fmt: skip
                answer = await connection.ask("POST", "/api/v1/cases", body)
                if answer.status != 201:
                    raise RuntimeError(f"{answer.status} {answer.body[:300]!r}")
                done += 1
            connection.close()
            return done

        return sum(await asyncio.gather(*(one() for _ in range(connections))))

    def bare_sql(self, seconds: float) -> float:
        """The rows of one opened case (customer, contact, case, message, 2 + 3 events, 3 clocks, 1 job), one commit each."""
        from django.db import connection

        statements = self._bare_statements()
        done, end = 0, time.monotonic() + seconds
        connection.ensure_connection()
        raw = connection.connection
        raw.autocommit = False
        with raw.cursor() as cursor:
            while time.monotonic() < end:
                for sql in statements:
                    cursor.execute(sql.replace("%N%", f"{done}-{id(self)}"))
                raw.commit()
                done += 1
        raw.autocommit = True
        return done / seconds

    def _bare_statements(self) -> list[str]:
        """INSERT … SELECT from a newest row of each table, so that the columns are always those of the schema."""
        from django.db import connection

        def like(table: str, changes: dict[str, str], where: str = "true", times: int = 1) -> str:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_identity = 'NO'"
                    " AND table_schema = 'public' ORDER BY ordinal_position", [table],
                )  # fmt: skip
                columns = [row[0] for row in cursor.fetchall() if row[0] not in ("xid",)]
            values = [changes.get(c, f's."{c}"') for c in columns]
            return (
                f"INSERT INTO {table} ({', '.join(chr(34) + c + chr(34) for c in columns)}) SELECT {', '.join(values)} "
                f"FROM (SELECT * FROM {table} WHERE {where} ORDER BY id DESC LIMIT 1) s, generate_series(1, {times})"
            )

        return [
            like("customers_customer", {}),
            like("customers_contactpoint", {"value": "'x%N%@bench.example.com'"}),
            like("cases_case", {"number": "nextval('cases_number')"}),
            like("cases_interaction", {}),
            like(
                "events_event", {"subject_kind": "'bench'", "subject_id": "nextval('cases_number')"}, times=5
            ),
            like(
                "commitments_clock",
                {
                    "start_event_id": "nextval('cases_number')",
                    "next_at": "NULL",
                    "subject_id": "nextval('cases_number')",
                },
                times=3,
            ),
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status) VALUES ('bench', 'bench', '{}', 'cancelled')",
        ]

    def mail(self, count: int = 3000, senders: int = 4) -> None:
        """A burst of mails by SMTP; accepted per second, then until all of them are cases."""
        from shounuo.channels.models import RawMessage

        before = RawMessage.objects.count()
        share = count // senders
        errors: list[str] = []

        def send(k: int) -> None:
            try:
                with smtplib.SMTP("127.0.0.1", self.serving.smtp_port, timeout=60) as smtp:
                    for i in range(share):
                        who = f"m{k}-{i}@bench.example.com"
                        smtp.sendmail(who, ["service@example.com"], _mail(who, f"{k}-{i}"))
            except (OSError, smtplib.SMTPException) as error:
                errors.append(str(error))

        threads = [threading.Thread(target=send, args=(k,)) for k in range(senders)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.monotonic() - began
        accepted = RawMessage.objects.count() - before
        rate = accepted / seconds
        while time.monotonic() - began < 300 and RawMessage.objects.filter(state="stored").exists():
            time.sleep(0.5)
        handled = time.monotonic() - began
        cases = RawMessage.objects.filter(state="case").order_by("-id")[: share * senders].count()
        self.table.add("mail: accepted /s", f"{rate:.0f}", ">= 150", rate >= 150 and not errors)
        self.table.add("mail: all cases after", f"{handled:.0f} s ({cases} of {share * senders})", "<= 90 s",
                       handled <= 90 and cases == share * senders)  # fmt: skip
        wait_until_quiet(self.serving)

    # -- reading -------------------------------------------------------------------------------------------------
    def page(self, name: str, paths: list[str], *, median: float, p95: float | None, times: int = 60) -> None:
        """One client, warm: median and 95th percentile over the paths in turn, in milliseconds."""
        spans = asyncio.run(self._pages(paths, times))
        spans.sort()
        mid, high = statistics.median(spans), spans[int(len(spans) * 0.95)]
        wanted = f"median <= {median:.0f} ms" + (f", p95 <= {p95:.0f}" if p95 else "")
        held = mid <= median and (p95 is None or high <= p95)
        self.table.add(name, f"median {mid:.0f} ms, p95 {high:.0f}", wanted, held)

    async def _pages(self, paths: list[str], times: int) -> list[float]:
        connection = Connection(self.serving.port, {"Cookie": self.cookie, "Accept": "text/html"})
        spans = []
        for i in range(times + 10):
            path = paths[i % len(paths)]
            began = time.perf_counter()
            answer = await connection.ask("GET", path)
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {answer.body[:200]!r}")
            if i >= 10:
                spans.append((time.perf_counter() - began) * 1000)
        return spans

    def pages(self) -> None:
        from urllib.parse import quote

        self.page(
            "list of 50 rows", ["/cases/?view=open", "/cases/?view=open&sort=updated"], median=60, p95=120
        )
        self.page("case page", [f"/cases/{n}/" for n in self.numbers], median=60, p95=120)
        for words in ("育肥料 结块", "返利明细", "环控器"):
            self.page(f"search {words}", [f"/cases/?q={quote(words)}"], median=100, p95=None, times=30)
        for words in ("料", "秤", "轴承", "膜片"):
            self.page(f"search {words}", [f"/cases/?q={quote(words)}"], median=100, p95=None, times=30)
        self.page("supervisor board", ["/board/"], median=100, p95=None)

    def figures(self) -> None:
        from bench import figures

        figures.rebuild(self.table.add)
        figures.answers(self.table.add)
        figures.keeping_up(self.table.add)

    def browser(self) -> None:
        """From navigation to the page being usable (load event and the list there), a new profile each time."""
        from playwright.sync_api import sync_playwright

        spans = []
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=CHROMIUM)
            for _i in range(5):
                context = browser.new_context(viewport={"width": 1440, "height": 900})
                name, _, value = self.cookie.partition("=")
                context.add_cookies(
                    [{"name": name, "value": value, "url": f"http://127.0.0.1:{self.serving.port}/"}]
                )
                page = context.new_page()
                began = time.perf_counter()
                page.goto(f"http://127.0.0.1:{self.serving.port}/cases/?view=open", wait_until="load")
                spans.append((time.perf_counter() - began) * 1000)
                context.close()
            browser.close()
        mid = statistics.median(spans)
        self.table.add("browser: desk usable, cold cache", f"{mid:.0f} ms", "<= 1000 ms", mid <= 1000)

    # -- clocks --------------------------------------------------------------------------------------------------
    def clock_count(self) -> int:
        from shounuo.commitments.models import Clock

        return Clock.objects.count()

    def punctual(self, running: int = 100_000) -> None:
        """With many clocks running, how late a warning and a breach are written after their moment."""
        from shounuo.commitments.models import Clock, Step

        self._make_running(running)
        at = datetime.now(UTC)
        ids = list(Clock.objects.filter(state="running").order_by("-id").values_list("id", flat=True)[:40])
        for k, id in enumerate(ids):
            moment = at + timedelta(seconds=3 + k * 0.25)
            Clock.objects.filter(pk=id).update(
                warn_at=moment, next_at=moment, due_at=moment + timedelta(seconds=5)
            )
        self._wake()
        time.sleep(3 + len(ids) * 0.25 + 8)
        late = [
            (s.fired_at - s.due_at).total_seconds()
            for s in Step.objects.filter(clock_id__in=ids, position__in=("warn", "due"))
        ]
        worst = max(late) if late else 99.0
        self.table.add(
            f"clock: {len(late)} warned or breached, latest after its moment ({running} running)",
            f"{worst:.2f} s (median {statistics.median(late):.2f})" if late else "none fired", "<= 1 s",
            worst <= 1 and len(late) >= 2 * len(ids),
        )  # fmt: skip

    def burst(self, count: int = 10_000) -> None:
        """Many clocks due in one moment: until the last state and event is committed."""
        from shounuo.commitments.models import Clock
        from shounuo.events.models import Event

        ids = list(Clock.objects.filter(state="running").order_by("id").values_list("id", flat=True)[:count])
        before = Event.objects.filter(kind="clock.breached").count()
        moment = datetime.now(UTC) + timedelta(seconds=4)
        Clock.objects.filter(pk__in=ids).update(warn_at=None, due_at=moment, next_at=moment, steps_left=[])
        self._wake()
        while time.time() < moment.timestamp():
            time.sleep(0.05)
        began = time.monotonic()
        while time.monotonic() - began < 120 and Clock.objects.filter(pk__in=ids, state="running").exists():
            time.sleep(0.1)
        seconds = time.monotonic() - began
        events = Event.objects.filter(kind="clock.breached").count() - before
        self.table.add(
            f"clock: {len(ids)} due at once, all committed after", f"{seconds:.1f} s ({events} events)", "<= 20 s",
            seconds <= 20 and events >= len(ids),
        )  # fmt: skip

    def _make_running(self, count: int) -> None:
        """Brings the number of running clocks up to `count`, due in days, from finished ones."""
        from shounuo.commitments.models import Clock

        missing = count - Clock.objects.filter(state="running").count()
        if missing > 0:
            far = datetime.now(UTC) + timedelta(days=9)
            ids = list(
                Clock.objects.filter(state="met").order_by("id").values_list("id", flat=True)[:missing]
            )
            Clock.objects.filter(pk__in=ids).update(
                state="running",
                met_at=None,
                due_at=far,
                warn_at=far - timedelta(hours=1),
                next_at=far - timedelta(hours=1),
            )

    def _wake(self) -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify('shounuo_clocks', '')")


CHROMIUM = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _mail(who: str, key: str) -> bytes:
    return (
        f"From: =?utf-8?b?5a6L5bu65Zu9?= <{who}>\r\nTo: service@example.com\r\nSubject: =?utf-8?b?6IKy6IKl5paZ57uT5Z2X?= {key}\r\n"
        f"Message-ID: <{key}.{who}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        f"今天卸车发现袋底结块，约三吨不敢喂，家里四百头等着吃料，请尽快给个说法。{key}\r\n"
    ).encode()


def session_cookie(login: str) -> str:
    """A signed-in session of that person, as the browser would carry it."""
    from django.conf import settings
    from django.contrib.auth import login as sign_in
    from django.contrib.sessions.backends.db import SessionStore
    from django.http import HttpRequest

    from shounuo.staff.models import Person

    request = HttpRequest()
    request.session = SessionStore()
    person = Person.objects.get(login=login)
    sign_in(request, person, backend="shounuo.staff.signin.Backend")
    request.session.save()
    return f"{settings.SESSION_COOKIE_NAME}={request.session.session_key}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument(
        "--only", action="append", default=[], help="figures, api, mail, pages, browser, punctual, burst"
    )
    parser.add_argument("--seconds", type=float, default=60, help="of the API measurement")
    parser.add_argument("--data", help="keep and use this folder instead of a new one")
    args = parser.parse_args()
    folder = Path(args.data) if args.data else Path(tempfile.mkdtemp(prefix="shounuo-bench-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    table = Table()
    serving = Serving(folder / "data")
    fresh = not (folder / "data" / "loaded").exists()
    try:
        table.add("start until healthy", f"{serving.start():.1f} s", "<= 10 s when set up", None)
        token = prepare(serving) if fresh else ""
        if not fresh:
            django_on(serving.data)
            token = serving.run("token", "create", "--user", "admin")
        if fresh:
            from bench.load import load

            began = time.monotonic()
            load(
                cases=args.cases,
                events=args.cases * 10,
                clocks=args.cases * 3,
                say=lambda t: print(f"  · {t}", flush=True),
            )
            (folder / "data" / "loaded").touch()
            table.add("load by COPY", f"{time.monotonic() - began:.0f} s", "", None)
        from shounuo.cases.models import Case

        bench = Bench(serving, token, table, args.cases, session_cookie("admin"))
        step = max(Case.objects.count() // 20, 1)
        bench.numbers = list(Case.objects.order_by("id").values_list("number", flat=True)[::step])
        measures: dict[str, Callable[[], Any]] = {
            "figures": bench.figures,
            "pages": bench.pages,
            "browser": bench.browser,
            "punctual": bench.punctual,
            "burst": bench.burst,
            "mail": bench.mail,
            "api": lambda: bench.api(args.seconds),
        }
        for name, measure in measures.items():
            if not args.only or name in args.only:
                print(f"· {name}", flush=True)
                measure()
                wait_until_quiet(serving)
        table.add("stop", f"{serving.stop():.1f} s", "clean", None)
    finally:
        if serving.process is not None and serving.process.poll() is None:
            serving.stop()
        if not args.data:
            shutil.rmtree(folder, ignore_errors=True)
    print()
    table.print()
    return 1 if any(row[3] == "MISSED" for row in table.rows) else 0


if __name__ == "__main__":
    raise SystemExit(main())

"""Kills web, workers, listener and database with SIGKILL while mail and API calls come in at full speed, then counts.

Every accepted message (SMTP 250, API 201) must be there once; every case must have its clocks once; every step of a clock is
recorded once. Prints accepted, found, doubled, lost, clocks missed, clocks doubled; exits 1 unless the last four are zero.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import smtplib
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from bench.serving import Serving, django_on


class Sender:
    """Sends numbered messages until told to stop and remembers what was accepted."""

    def __init__(self, serving: Serving, token: str) -> None:
        self.serving, self.token = serving, token
        self.stop = threading.Event()
        self.accepted: set[str] = set()
        self.refused = 0
        self._lock = threading.Lock()
        self._number = 0

    def _next(self, kind: str) -> str:
        with self._lock:
            self._number += 1
            return f"{kind}{self._number:07d}"

    def mails(self) -> None:
        while not self.stop.is_set():
            try:
                with smtplib.SMTP("127.0.0.1", self.serving.smtp_port, timeout=10) as smtp:
                    while not self.stop.is_set():
                        key = self._next("mail")
                        self._retry_mail(smtp, key)
            except (OSError, smtplib.SMTPException):
                self.refused += 1
                time.sleep(0.2)

    def _retry_mail(self, smtp: smtplib.SMTP, key: str) -> None:
        raw = (
            f"From: {key}@crash.example.com\r\nTo: service@example.com\r\nSubject: {key}\r\n"
            f"Message-ID: <{key}@crash.example.com>\r\n\r\n{key} ping\r\n"
        ).encode()
        smtp.sendmail(f"{key}@crash.example.com", ["service@example.com"], raw)
        with self._lock:
            self.accepted.add(key)

    def calls(self) -> None:
        while not self.stop.is_set():
            key = self._next("call")
            body = json.dumps(
                {
                    "channel": "api",
                    "subject": key,
                    "body": key,
                    "customer": {"mail": f"{key}@crash.example.com"},
                }
            ).encode()
            while not self.stop.is_set():  # as a careful client would: the same key until an answer comes
                request = urllib.request.Request(
                    f"http://127.0.0.1:{self.serving.port}/api/v1/cases", data=body, method="POST",
                    headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json",
                             "Idempotency-Key": key},
                )  # fmt: skip
                try:
                    with urllib.request.urlopen(request, timeout=15) as answer:
                        if answer.status == 201:
                            with self._lock:
                                self.accepted.add(key)
                            break
                except urllib.error.HTTPError as error:
                    if error.code not in (409, 429, 500, 503):
                        raise
                    self.refused += 1
                    time.sleep(float(error.headers.get("Retry-After") or 0.3))
                except OSError:
                    self.refused += 1
                    time.sleep(0.2)


def crash(data: Path, *, rounds: int, seconds: float, seed: int) -> dict[str, int]:
    """One run on a fresh installation; returns the counts."""
    serving = Serving(data)
    serving.start()
    try:
        return _crash(serving, rounds=rounds, seconds=seconds, seed=seed)
    finally:
        serving.stop()


def _crash(serving: Serving, *, rounds: int, seconds: float, seed: int) -> dict[str, int]:
    token = prepare(serving)
    sender = Sender(serving, token)
    threads = [threading.Thread(target=sender.mails) for _ in range(3)]
    threads += [threading.Thread(target=sender.calls) for _ in range(3)]
    for thread in threads:
        thread.start()
    dice = random.Random(seed)
    kills: dict[str, int] = {}
    try:
        for _round in range(rounds):
            for what in dice.sample(["web", "jobs", "clocks", "smtp", "database", "all"], 6):
                time.sleep(seconds / 6)
                kills[what] = kills.get(what, 0) + kill(serving, what)
        time.sleep(2)
    finally:
        sender.stop.set()
        for thread in threads:
            thread.join(30)
    wait_until_quiet(serving)
    counts = count(sender.accepted)
    counts["refused"] = sender.refused
    counts["kills"] = sum(kills.values())
    return counts


def kill(serving: Serving, what: str) -> int:
    """SIGKILL by pid; `all` is the parent with every child and the database, followed by a new start."""
    if what == "database":
        os.kill(serving.database_pid(), signal.SIGKILL)
        return 1
    if what == "all":
        pids = [p for p in (serving.child(w) for w in ("web", "jobs", "clocks", "smtp")) if p]
        assert serving.process is not None
        for pid in [serving.process.pid, *pids, serving.database_pid()]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        serving.process.wait(10)
        time.sleep(1)
        serving.start()
        return len(pids) + 2
    pid = serving.child(what)
    if pid is None:
        return 0
    os.kill(pid, signal.SIGKILL)
    return 1


def prepare(serving: Serving) -> str:
    """Set-up answered, a catch-all mailbox, a policy in force; returns an API token."""
    serving.run("policy", "import", "policies/livestock.yaml")
    serving.run("policy", "publish", "livestock")
    django_on(serving.data)
    from shounuo.web.ops import first

    first.answer_for_tests()
    return serving.run("token", "create", "--user", "admin")


def wait_until_quiet(serving: Serving, *, stalled: float = 90) -> None:
    """Until no stored mail and no waiting job is left. How long that may take depends on the machine and on what else it does;
    what must never happen is that for `stalled` seconds nothing goes forward (a dead worker's jobs are taken up after 30)."""
    from django.db import connection

    connection.close()  # the database may have been killed since
    connection.close_pool()
    least, since = None, time.monotonic()
    while time.monotonic() - since < stalled:
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT (SELECT count(*) FROM channels_rawmessage WHERE state = 'stored')
                        + (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')
                             AND (scheduled_at IS NULL OR scheduled_at < now()))"""
            )
            left = cursor.fetchone()[0]
        if not left:
            return
        if least is None or left < least:
            least, since = left, time.monotonic()
        time.sleep(0.5)
    raise RuntimeError(f"nothing goes forward: {what_waits()}")


def what_waits() -> str:
    """Which mails and jobs are left, for whoever looks into it."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT 'mail ' || state, count(*) FROM channels_rawmessage WHERE state = 'stored' GROUP BY 1
               UNION ALL SELECT task_name || ' ' || status, count(*) FROM procrastinate_jobs
               WHERE status IN ('todo', 'doing') AND (scheduled_at IS NULL OR scheduled_at < now()) GROUP BY 1"""
        )
        return ", ".join(f"{name}: {n}" for name, n in cursor.fetchall())


def count(accepted: set[str]) -> dict[str, int]:
    """What is in the database against what was accepted."""
    from collections import Counter

    from django.db import connection

    from shounuo.cases.models import Interaction
    from shounuo.commitments.models import Clock

    found = Counter(
        text.split()[0]
        for text in Interaction.objects.filter(direction="in").values_list("text", flat=True)
        if text.startswith(("mail0", "call0"))
    )
    expected = Clock.objects.filter(subject_kind="case").values("subject_id", "commitment")
    per_case = Counter((c["subject_id"], c["commitment"]) for c in expected)
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT count(*) FROM cases_case c WHERE NOT EXISTS (
                 SELECT 1 FROM commitments_clock k WHERE k.subject_kind = 'case' AND k.subject_id = c.id)"""
        )
        missed = cursor.fetchone()[0]
        cursor.execute(
            """SELECT count(*) FROM (SELECT subject_id, payload->>'clock', kind FROM events_event
                 WHERE kind IN ('clock.started', 'clock.warned', 'clock.breached')
                 GROUP BY 1, 2, 3 HAVING count(*) > 1) twice"""
        )
        steps_doubled = cursor.fetchone()[0]
    return {
        "accepted": len(accepted),
        "found": sum(1 for key in accepted if found[key]),
        "doubled": sum(1 for n in found.values() if n > 1),
        "lost": sum(1 for key in accepted if not found[key]),
        "clocks": len(per_case),
        "clocks_missed": missed,
        "clocks_doubled": sum(1 for n in per_case.values() if n > 1) + steps_doubled,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=40, help="per round of six kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    args = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="shounuo-crash-"))
    folder.chmod(0o755)
    try:
        counts = crash(folder / "data", rounds=args.rounds, seconds=args.seconds, seed=args.seed)
    finally:
        if not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    for name, value in counts.items():
        print(f"{name:16} {value}")
    bad = counts["lost"] + counts["doubled"] + counts["clocks_missed"] + counts["clocks_doubled"]
    return 1 if bad or not counts["accepted"] else 0


if __name__ == "__main__":
    raise SystemExit(main())

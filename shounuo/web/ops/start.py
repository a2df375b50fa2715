"""What must be there before anything runs: database, schema, defaults, static files. Every step shows itself."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.web import assets

MIGRATION_LOCK = 0x5348_4E55  # one migrates, the others wait
Say = Callable[[str], None]


def database(say: Say) -> object | None:
    """Starts the embedded server where no DATABASE_URL is set; returns it, or None for a server of the operator's."""
    import os

    if os.environ.get("DATABASE_URL"):
        return None
    from shounuo.web.ops.postgres import Embedded

    server = Embedded(settings.DATA / "postgres")
    fresh = not (server.pgdata / "PG_VERSION").exists()
    say(_("数据库：初始化") if fresh else _("数据库：启动"))
    server.start()
    server.ensure_database()
    return server


def migrate(say: Say, *, restored: bool = False) -> None:
    """Brings the schema up to date under an advisory lock, one line per migration applied.

    A database that lies in another cluster than before begins a new era of the log; one that was `restored` always does,
    for readers may have read further than its backup reaches.
    """

    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET lock_timeout = 0")
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            say(_("结构：%(n)s 步更新") % {"n": len(plan)})
            call_command("migrate", interactive=False, verbosity=0)
        (new_era if restored else _settle_era)(say)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
        connection.close()


def new_era(say: Say) -> None:
    """After the data was put back from an earlier copy: positions in the log go on behind all that were ever given."""
    from shounuo.events.services import era_begin

    _note_era(era_begin(at=now()), say)


def _settle_era(say: Say) -> None:
    from shounuo.events.services import era_settle

    number = era_settle(at=now())
    if number is not None:
        _note_era(number, say)


def _note_era(number: int, say: Say) -> None:
    from shounuo.audit.services import record

    record(action="events.era", detail={"number": number}, actor=Actor.system(), at=now())
    say(_("事件日志：第 %(n)s 段从这里开始") % {"n": number})


def schema_is_current() -> bool:
    """True when no migration of this code is missing from the database."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def static_files(say: Say) -> None:
    """Collects, hashes and compresses page assets when any of them changed since the last time. Problem when
    those taken from node_modules were never built: every page would fail."""
    from django.core.management import call_command

    wanted = assets.manifest()
    for name in (*wanted["files"], wanted["sprite"]):
        if not any((Path(folder) / name).is_file() for folder in settings.STATICFILES_DIRS):
            raise Problem(_("页面资源还没有做好，先运行 script/setup"), code="no_assets")
    root = Path(settings.STATIC_ROOT)
    digest = hashlib.sha256()
    for folder in settings.STATICFILES_DIRS:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                stat = path.stat()
                digest.update(f"{path}:{stat.st_size}:{stat.st_mtime_ns}\n".encode())
    stamp = root / ".stamp"
    if stamp.exists() and stamp.read_text() == digest.hexdigest():
        return
    say(_("页面资源：整理"))
    call_command("collectstatic", interactive=False, verbosity=0, clear=True, stdout=io.StringIO())
    stamp.write_text(digest.hexdigest())

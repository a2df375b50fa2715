"""Backup and restore: database dump, files, keys (encrypted) and version in one tar; upgrade of the embedded server.

Consistent while running: the dump is one snapshot and comes first; bytes are content-addressed and written before
the row that names them, so every file the snapshot names is there when the files are copied.
"""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.utils.translation import gettext as _

from shounuo import __version__
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.web.ops import place, start
from shounuo.web.ops.postgres import Embedded

Say = Callable[[str], None]
FORMAT = 1


def backup(target: str | None, passphrase_file: str | None, say: Say) -> int:
    """Writes the archive (0600) and says where; nothing is left behind when it fails."""
    from django.conf import settings

    phrase = _passphrase(passphrase_file)
    at = now()
    path = Path(target) if target else settings.DATA / "backups" / f"{at:%Y%m%d-%H%M%S}.snb"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with tempfile.TemporaryDirectory(dir=path.parent) as work:
        dump = Path(work) / "database.dump"
        say(_("备份：数据库"))
        _dump(dump)
        say(_("备份：文件"))
        manifest = {"format": FORMAT, "version": __version__, "at": at.isoformat(), "postgres": _major()}
        try:
            partial.touch(0o600)
            with tarfile.open(partial, "w") as archive:
                _add_bytes(archive, "manifest.json", json.dumps(manifest).encode())
                _add_bytes(archive, "keys.enc", _lock_keys(phrase))
                archive.add(dump, "database.dump")
                files = settings.DATA / "files"
                if files.is_dir():
                    archive.add(files, "files")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    say(_("备份完成：%(path)s（%(size)s MB）") % {"path": path, "size": round(path.stat().st_size / 1e6, 1)})
    return 0


def restore(source: str, passphrase_file: str | None, say: Say) -> int:
    """Brings an archive into an installation that has no data yet, and up to this code's schema; refuses to write over one."""
    phrase = _passphrase(passphrase_file)
    data = place.folder()
    embedded = not os.environ.get("DATABASE_URL")
    if (data / "files").exists() or (embedded and (data / "postgres").exists()) or (data / "keys").exists():
        raise Problem(_("这个数据目录不是空的，不会覆盖：%(path)s") % {"path": data})
    with tempfile.TemporaryDirectory() as work:
        manifest, keys = _unpack(source, phrase, work)
        say(_("恢复：密钥与文件"))
        (data / "keys").mkdir(parents=True, mode=0o700)
        for name, text in keys.items():
            key = data / "keys" / name
            key.touch(0o600)
            key.write_text(text)
        if (Path(work) / "files").is_dir():
            shutil.copytree(Path(work) / "files", data / "files")
        say(_("恢复：数据库"))
        with _loaded(Path(work) / "database.dump", data):
            start.migrate(say, restored=True)
    say(_("恢复完成：备份于 %(at)s，版本 %(version)s") % manifest)
    return 0


def _unpack(source: str, phrase: str, work: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What the archive says of itself and its keys; the rest lies in the folder. Problem for one that ends too early, also
    where it was cut between two of its parts."""
    with _opened(source) as archive:
        try:
            if not _has_its_end(source):
                raise tarfile.ReadError("no end of archive")
            manifest = json.loads(_member(archive, "manifest.json"))
            if manifest["format"] != FORMAT:
                raise Problem(_("这个备份的格式（%(n)s）不认识") % {"n": manifest["format"]})
            keys = _unlock_keys(_member(archive, "keys.enc"), phrase)
            archive.extractall(work, filter="data")
        except tarfile.ReadError as error:
            raise Problem(_("这个备份不完整，后面的部分缺了：%(path)s") % {"path": source}) from error
    return manifest, keys


def _has_its_end(source: str) -> bool:
    """Whether the archive closes with empty blocks, as a tar does."""
    closing = 2 * tarfile.BLOCKSIZE
    with Path(source).open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - closing, 0))
        last = file.read()
    return len(last) == closing and not any(last)


def upgrade(say: Say) -> int:
    """Dumps with the old data folder's major version kept beside, reloads into the new one, then migrates.

    The wheel brings one major only: where `postgres/pgdata` was made by another, the old wheel's binaries must be
    named in SHOUNUO_OLD_POSTGRES (their bin folder). The old folder stays as `pgdata.<major>` until it is removed.
    """
    from django.conf import settings

    server = Embedded(settings.DATA / "postgres")
    version_file = server.pgdata / "PG_VERSION"
    if version_file.exists() and version_file.read_text().strip() != _major():
        old_major = version_file.read_text().strip()
        binaries = os.environ.get("SHOUNUO_OLD_POSTGRES")
        if not binaries:
            raise Problem(
                _(
                    "数据由 PostgreSQL %(old)s 写成，现在是 %(new)s：请用 SHOUNUO_OLD_POSTGRES 指出旧版程序所在目录"
                )
                % {"old": old_major, "new": _major()}
            )
        with tempfile.TemporaryDirectory(dir=settings.DATA) as work:
            dump = Path(work) / "database.dump"
            say(_("升级：导出旧数据库"))
            old = Embedded(server.home, binaries=Path(binaries))
            old.start()
            try:
                _dump(dump)
            finally:
                old.stop()
            server.pgdata.rename(server.home / f"pgdata.{old_major}")
            say(_("升级：载入新数据库"))
            with _loaded(dump, settings.DATA):
                pass
    server.start()
    try:
        server.ensure_database()
        start.migrate(say)
    finally:
        _close()
        server.stop()
    say(_("升级完成"))
    return 0


def _dump(path: Path) -> None:
    tool, env = _tool("pg_dump")
    with path.open("wb") as out:
        done = subprocess.run(
            [tool, "--format=custom", "--no-owner"], stdout=out, stderr=subprocess.PIPE, env=env, check=False
        )
    if done.returncode:
        raise Problem(_("导出数据库失败：%(why)s") % {"why": done.stderr.decode(errors="replace")[-800:]})


def _opened(source: str) -> tarfile.TarFile:
    try:
        return tarfile.open(source)
    except OSError as error:
        raise Problem(_("读不了备份 %(path)s：%(why)s") % {"path": source, "why": error.strerror}) from error
    except tarfile.ReadError as error:
        raise Problem(_("这不是守诺的备份：%(path)s") % {"path": source}) from error


@contextmanager
def _loaded(dump: Path, data: Path) -> Iterator[None]:
    """The dump in the empty database, which runs for as long as the block does."""
    server = None
    if not os.environ.get("DATABASE_URL"):
        server = Embedded(data / "postgres")
        server.start()
        server.ensure_database()
    try:
        tool, env = _tool("pg_restore", data)
        with dump.open("rb") as source:
            done = subprocess.run(
                [tool, "--no-owner", "--exit-on-error", f"--dbname={env['PGDATABASE']}"],
                stdin=source, stderr=subprocess.PIPE, env=env, check=False,
            )  # fmt: skip
        if done.returncode:
            raise Problem(_("载入数据库失败：%(why)s") % {"why": done.stderr.decode(errors="replace")[-800:]})
        yield
    finally:
        _close()
        if server is not None:
            server.stop()


def _close() -> None:
    """Our own connections first: the server's stop does not have to break them off."""
    from django.db import connection, connections

    connections.close_all()
    connection.close_pool()  # type: ignore[attr-defined]


def _tool(name: str, data: Path | None = None) -> tuple[str, dict[str, str]]:
    """A PostgreSQL client program and the environment that leads it to our database."""
    from urllib.parse import unquote, urlparse

    env = {**os.environ, "LC_ALL": "C.UTF-8"}
    if url := os.environ.get("DATABASE_URL"):
        parts = urlparse(url)
        env |= {"PGHOST": unquote(parts.hostname or ""), "PGPORT": str(parts.port or 5432)}
        env |= {"PGUSER": unquote(parts.username or ""), "PGPASSWORD": unquote(parts.password or "")}
        env |= {"PGDATABASE": parts.path.lstrip("/")}
        found = shutil.which(name)
        if found:
            return found, env
    if data is None:
        from django.conf import settings

        data = settings.DATA
    server = Embedded(data / "postgres")
    if not os.environ.get("DATABASE_URL"):
        dsn = server.dsn()
        env |= {
            "PGHOST": dsn["host"],
            "PGPORT": dsn["port"],
            "PGUSER": dsn["user"],
            "PGDATABASE": dsn["dbname"],
        }
    return server.binary(name), env


def _major() -> str:
    server = Embedded(Path("/nonexistent"))
    out = subprocess.run([server.binary("postgres"), "--version"], capture_output=True, text=True, check=True)
    return out.stdout.split()[2].split(".")[0]


def _passphrase(file: str | None) -> str:
    phrase = Path(file).read_text().strip() if file else os.environ.get("SHOUNUO_BACKUP_PASSPHRASE", "")
    if len(phrase) < 8:
        raise Problem(
            _("备份里的密钥要用口令加密：用 --passphrase-file 或 SHOUNUO_BACKUP_PASSPHRASE 给出至少 8 个字符")
        )
    return phrase


def _lock_keys(phrase: str) -> bytes:
    from django.conf import settings

    keys = {
        "secret.key": "\n".join([settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]) + "\n",
        "data.key": "\n".join(settings.SHOUNUO_DATA_KEYS) + "\n",
    }
    salt = os.urandom(16)
    return salt + Fernet(_derive(phrase, salt)).encrypt(json.dumps(keys).encode())


def _unlock_keys(locked: bytes, phrase: str) -> dict[str, str]:
    try:
        keys: dict[str, str] = json.loads(Fernet(_derive(phrase, locked[:16])).decrypt(locked[16:]))
    except InvalidToken as error:
        raise Problem(_("口令不对，备份里的密钥解不开")) from error
    return keys


def _derive(phrase: str, salt: bytes) -> bytes:
    return base64.urlsafe_b64encode(Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(phrase.encode()))


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), 0o600
    archive.addfile(info, io.BytesIO(content))


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    try:
        handle = archive.extractfile(name)
    except KeyError as error:
        raise Problem(_("这不是守诺的备份：缺少 %(name)s") % {"name": name}) from error
    assert handle is not None
    return handle.read()

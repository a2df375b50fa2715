"""The data folder before anything is made in it: whether an installation stands there, and whether one can be written to."""

from __future__ import annotations

import errno
import os
import tempfile
from enum import Enum
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Problem

FOLDERS = ("keys", "postgres", "files", "backups", "static")
LOCK = "serve.lock"
NO_INSTALLATION = _("%(where)s 里没有守诺的数据。请用 --data 指出数据所在的目录；要新建，运行 shounuo serve")
UNUSABLE = _("数据目录用不了：%(where)s（%(why)s）。请改它的权限，或用 --data 换一个")


class Need(Enum):
    """What a command asks of its folder."""

    NOTHING = "nothing"  # it neither reads nor writes there
    MAYBE = "maybe"  # an installation where one stands; it does without as well, and makes none
    STANDING = "standing"  # an installation that stands
    ANY = "any"  # one that stands, or a place where it makes one


class NotThere(Problem):
    """A command was given a folder in which it cannot do what it is meant to. Its words are made when they are asked for:
    before Django is set up there are none, and settings would make keys in the folder."""

    code = "no_installation"

    def __str__(self) -> str:
        return str(self.message) % self.extra


def folder() -> Path:
    """The data folder that the environment names."""
    return Path(os.environ.get("SHOUNUO_DATA") or Path.cwd() / "var").resolve()


def check(data: Path, need: Need, *, embedded: bool) -> None:
    """NotThere with the reason where the folder does not meet the need. Makes the folder where an installation may be made in
    it, and nothing else. With a database of the operator's (not `embedded`) the folder alone says nothing about that."""
    if need is Need.NOTHING:
        return
    try:
        if need in (Need.STANDING, Need.MAYBE) and not stands(data, embedded=embedded):
            if need is Need.MAYBE:
                return
            raise NotThere(NO_INSTALLATION, where=data)
        if data.exists() and not data.is_dir():
            raise _error(errno.ENOTDIR, data)
        if need is Need.ANY:
            data.mkdir(parents=True, exist_ok=True)
        if data.exists():
            _written_to(data)
    except OSError as error:
        raise NotThere(UNUSABLE, where=error.filename or data, why=error.strerror) from error


def check_database(need: Need, where: str) -> None:
    """NotThere where the database that answers holds no installation and the command may not make one."""
    from django.db import connection

    if need is Need.STANDING and "django_migrations" not in connection.introspection.table_names():
        raise NotThere(NO_INSTALLATION, where=where)


def stands(data: Path, *, embedded: bool) -> bool:
    """Whether an installation is to be found there, as far as the folder tells. OSError for a folder that cannot be read."""
    if not embedded:
        return True
    try:
        (data / "postgres" / "pgdata" / "PG_VERSION").stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _written_to(data: Path) -> None:
    """OSError where the folder, or one of its parts that is there, cannot be written to."""
    with tempfile.TemporaryFile(dir=data):
        pass
    read_write = os.R_OK | os.W_OK
    for part, access in [(LOCK, read_write), *((name, read_write | os.X_OK) for name in FOLDERS)]:
        if (data / part).exists() and not os.access(data / part, access):
            raise _error(errno.EACCES, data / part)


def _error(number: int, path: Path) -> OSError:
    return OSError(number, os.strerror(number), str(path))

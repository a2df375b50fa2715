"""Where bytes lie: named by their SHA-256, on this machine's disk or in a bucket that several machines share.

What `put` has returned for survives a crash of the machine. Content is never changed: writing it again only
refreshes its age, which is what keeps `discard` from taking what somebody is about to use.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Literal

from django.core.files.base import File as DjangoFile
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import NotFound, TooLarge

Area = Literal["blobs", "raw", "sent"]
_CHUNK = 256 * 1024
_HEAD = 8192


class Content:
    """What is known of bytes once they have been read through: name (SHA-256), size and how they begin."""

    def __init__(self) -> None:
        self._digest, self.size, self.head = hashlib.sha256(), 0, b""

    @property
    def name(self) -> str:
        return self._digest.hexdigest()

    def chunks(self, source: IO[bytes], limit: int) -> Iterator[bytes]:
        while chunk := source.read(_CHUNK):
            self.size += len(chunk)
            if self.size > limit:
                raise TooLarge(_("文件超过 %(mb)s MB 的上限") % {"mb": limit // 1024 // 1024})
            self._digest.update(chunk)
            self.head = self.head or chunk[:_HEAD]
            yield chunk


def put(area: Area, source: IO[bytes], *, limit: int) -> Content:
    """Stores what the source holds, on the disk or in the bucket when it returns. TooLarge above `limit`
    bytes.
    """
    content, folder = Content(), _folder(area)
    if folder is None:
        with tempfile.TemporaryFile() as file:
            file.writelines(content.chunks(source, limit))
            file.seek(0)
            _storage().save(_key(area, content.name), DjangoFile(file))
        return content
    incoming = folder / "incoming"
    incoming.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=incoming)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content.chunks(source, limit))
        _keep(fresh, folder, content.name)
    finally:
        fresh.unlink(missing_ok=True)
    return content


def get(area: Area, name: str) -> bytes:
    """The bytes; NotFound when they are gone."""
    try:
        with _storage().open(_key(area, name)) as file:
            return file.read()
    except FileNotFoundError as error:
        raise NotFound(_("文件内容已不存在"), code="content_gone") from error


def has(area: Area, name: str) -> bool:
    return _storage().exists(_key(area, name))


def names(area: Area, *, before: datetime) -> Iterator[str]:
    """Names of what was last written before the moment."""
    try:
        shelves, _files = _storage().listdir(area)
    except FileNotFoundError:
        return
    for shelf in shelves:
        _folders, files = _storage().listdir(f"{area}/{shelf}")
        for name in files:
            if len(name) == 64:
                with contextlib.suppress(FileNotFoundError):
                    if _storage().get_modified_time(_key(area, name)) < before:
                        yield name


def discard(area: Area, name: str, *, before: datetime) -> bool:
    """Deletes content unless it was written again since the moment; True when it is gone."""
    folder = _folder(area)
    if folder is None:
        if _storage().get_modified_time(_key(area, name)) >= before:
            return False
        _storage().delete(_key(area, name))
        return True
    path = folder / name[:2] / name
    aside = path.with_suffix(".old")
    try:
        path.rename(aside)  # from here on a writer finds nothing and writes it anew
    except FileNotFoundError:
        return False
    if datetime.fromtimestamp(aside.stat().st_mtime, UTC) >= before:
        if path.exists():
            aside.unlink()
        else:
            aside.rename(path)
        return False
    aside.unlink()
    return True


def _key(area: Area, name: str) -> str:
    if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
        raise NotFound(_("文件内容已不存在"), code="content_gone")
    return f"{area}/{name[:2]}/{name}"


def _storage() -> Storage:
    return storages["default"]


def _folder(area: Area) -> Path | None:
    """The folder on this machine's disk, or None when content lies in a bucket."""
    storage = _storage()
    return Path(storage.path(area)) if isinstance(storage, FileSystemStorage) else None


def _keep(fresh: Path, folder: Path, name: str) -> None:
    """Moves the written file to its name, on the disk before it returns."""
    shelf = folder / name[:2]
    target = shelf / name
    try:
        os.utime(target)  # the same content is there: make it young again
    except FileNotFoundError:
        _sync(fresh)
        if not shelf.exists():
            shelf.mkdir(exist_ok=True, mode=0o700)
            _sync(folder)
        fresh.rename(target)
    _sync(shelf)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

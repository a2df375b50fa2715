"""Mails out of files that other programs left: mbox, Maildir, folders of .eml. One at a time, whatever is broken."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from shounuo.kernel.text import whole

_MESSAGE_LIMIT: Final = 100 * 1024 * 1024
_LINE_LIMIT: Final = 1024 * 1024
_FROM: Final = re.compile(rb"From .{0,300}?(?:\d{2}:\d{2}|\d{4}|MAILER-DAEMON|\?\?\?@|-)")
_QUOTED_FROM: Final = re.compile(rb">+From ")
_SUFFIXES: Final = frozenset((".eml", ".msg", ".mht", ".emlx", ".mime", ".raw"))
_MBOX_SUFFIXES: Final = frozenset((".mbox", ".mbx", ".mboxrd"))

OnError = Callable[[str, str], None]


def iter_mailbox(
    path: Path, *, on_error: OnError | None = None, message_limit: int = _MESSAGE_LIMIT
) -> Iterator[tuple[str, bytes]]:
    """Yields (source key, raw mail) from a file or folder, lazily, in a stable order.

    The key names the place within `path` and stays the same when the import is repeated: the relative path of an
    .eml, that of a Maildir mail without its flags, path and byte offset in an mbox. What cannot be read is told to
    `on_error(key, reason)` (`unreadable`, `too_large`) and left out. Links that lead out of `path` are not followed.
    """
    told = on_error or _silent
    if path.is_dir():
        yield from _folder(path, path, told, message_limit)
    elif path.suffix.lower() in _MBOX_SUFFIXES or _is_mbox(path):
        yield from _mbox(path, path.name, told, message_limit)
    else:
        yield from _single(path, path.name, told, message_limit)


def _silent(_key: str, _reason: str) -> None:
    return None


def _folder(folder: Path, root: Path, told: OnError, limit: int) -> Iterator[tuple[str, bytes]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        told(_key(folder, root), "unreadable")
        return
    names = {entry.name for entry in entries if entry.is_dir(follow_symlinks=False)}
    maildir = {"cur", "new"} <= names
    for entry in entries:
        path = Path(entry.path)
        if entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            if maildir and entry.name in {"cur", "new"}:
                yield from _maildir(path, root, told, limit)
            elif not (maildir and entry.name == "tmp"):
                yield from _folder(path, root, told, limit)
        elif entry.is_file(follow_symlinks=False):
            suffix = path.suffix.lower()
            if suffix in _MBOX_SUFFIXES or (suffix not in _SUFFIXES and not maildir and _is_mbox(path)):
                yield from _mbox(path, _key(path, root), told, limit)
            elif suffix in _SUFFIXES:
                yield from _single(path, _key(path, root), told, limit)


def _maildir(folder: Path, root: Path, told: OnError, limit: int) -> Iterator[tuple[str, bytes]]:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.is_file(follow_symlinks=False))
    except OSError:
        told(_key(folder, root), "unreadable")
        return
    for name in names:
        if not name.startswith("."):
            # Flags change and mails move from new to cur; the unique name in front stays.
            unique = re.split(r"[:;!]2,", name)[0]
            yield from _single(folder / name, _key(folder.parent / unique, root), told, limit)


def _single(path: Path, key: str, told: OnError, limit: int) -> Iterator[tuple[str, bytes]]:
    try:
        if path.stat().st_size > limit:
            told(key, "too_large")
            return
        raw = path.read_bytes()
    except OSError:
        told(key, "unreadable")
        return
    if path.suffix.lower() == ".emlx":
        raw = _emlx(raw)
    yield key, raw


def _emlx(raw: bytes) -> bytes:
    """Apple Mail puts the length in front and a property list behind."""
    first, newline, rest = raw.partition(b"\n")
    length = whole(first.strip().decode("latin-1")) if newline else None
    return raw if length is None else rest[:length]


def _is_mbox(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return _FROM.match(file.readline(_LINE_LIMIT)) is not None
    except OSError:
        return False


def _mbox(path: Path, key: str, told: OnError, limit: int) -> Iterator[tuple[str, bytes]]:
    try:
        with path.open("rb") as file:
            yield from _mbox_messages(file, key, told, limit)
    except OSError:
        told(key, "unreadable")


def _mbox_messages(file: BinaryIO, key: str, told: OnError, limit: int) -> Iterator[tuple[str, bytes]]:
    """A mail begins at a From line after a blank line; `>From ` in bodies loses one mark (mboxrd)."""
    lines: list[bytes] = []
    size = 0
    offset = position = 0
    blank = True
    open_line = False
    too_large = False
    while line := file.readline(_LINE_LIMIT):
        if blank and not open_line and _FROM.match(line):
            if too_large:
                told(f"{key}#{offset}", "too_large")
            elif any(part.strip() for part in lines):
                yield f"{key}#{offset}", b"".join(lines)
            lines, size, too_large, offset = [], 0, False, position
        else:
            size += len(line)
            if size > limit:
                too_large, lines = True, []
            elif not too_large:
                lines.append(line[1:] if not open_line and _QUOTED_FROM.match(line) else line)
        blank = not line.strip() and not open_line
        open_line = not line.endswith(b"\n")
        position += len(line)
    if too_large:
        told(f"{key}#{offset}", "too_large")
    elif any(part.strip() for part in lines):
        yield f"{key}#{offset}", b"".join(lines)


def _key(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")

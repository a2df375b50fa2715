"""winmail.dat (TNEF), which Outlook sends to those whom it takes for Outlook: bodies and files in it.

Written by hand because the library at hand loops for as long as a hostile count says and strips zero bytes off
files; every step here is bounded by the bytes that are there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from shounuo.kernel.text import clean_line, decode

_SIGNATURE: Final = 0x223E9F78
_OBJECTS_LIMIT: Final = 2_000
_PROPERTIES_LIMIT: Final = 2_000
_DEPTH_LIMIT: Final = 3
_EMBEDDED: Final = b"\x07\x03\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46"

_ATT_BODY, _ATT_MAPI, _ATT_CODEPAGE = 0x800C, 0x9003, 0x9007
_ATT_RENDER, _ATT_TITLE, _ATT_DATA, _ATT_ATTACHMENT, _ATT_TRANSPORT_NAME = (
    0x9002,
    0x8010,
    0x800F,
    0x9005,
    0x9001,
)
_BODY, _HTML, _INTERNET_CODEPAGE = 0x1000, 0x1013, 0x3FDE
_OBJECT, _SHORT_NAME, _LONG_NAME, _MIME_TAG, _CONTENT_ID, _DISPLAY_NAME = (
    0x3701, 0x3704, 0x3707, 0x370E, 0x3712, 0x3001,
)  # fmt: skip
_FIXED: Final = {0x0002: 4, 0x000B: 4, 0x0003: 4, 0x0004: 4, 0x000A: 4, 0x0005: 8, 0x0006: 8, 0x0007: 8,
                 0x0014: 8, 0x0040: 8, 0x0048: 16, 0x0001: 0}  # fmt: skip
_VARIABLE: Final = frozenset((0x001E, 0x001F, 0x000D, 0x0102))
_UNICODE: Final = 0x001F
_CODEPAGES: Final = {65001: "utf-8", 20127: "us-ascii", 28591: "iso-8859-1", 54936: "gb18030", 50220: "iso-2022-jp",
                     51932: "euc-jp", 51949: "euc-kr", 20866: "koi8-r", 20936: "gb18030"}  # fmt: skip


@dataclass(slots=True)
class TnefFile:
    name: str = ""
    content_type: str = ""
    cid: str = ""
    content: bytes = field(default=b"", repr=False)


@dataclass(slots=True)
class Tnef:
    """What was in it; `complete` is False when the structure broke off."""

    text: str = ""
    html: str = ""
    files: list[TnefFile] = field(default_factory=list)
    complete: bool = True


def read_tnef(data: bytes, depth: int = 0) -> Tnef | None:
    """The content of a winmail.dat; None when it is none."""
    if len(data) < 8 or int.from_bytes(data[:4], "little") != _SIGNATURE:
        return None
    found = Tnef()
    codepage = "cp1252"
    current: TnefFile | None = None
    position = 6
    for _step in range(_OBJECTS_LIMIT):
        if position + 11 > len(data):
            found.complete = position >= len(data)
            break
        name, _kind, size = struct.unpack_from("<HHI", data, position + 1)
        start = position + 9
        if start + size > len(data):
            found.complete = False
            break
        value = data[start : start + size]
        position = start + size + 2
        if name == _ATT_CODEPAGE and size >= 4:
            codepage = _charset(int.from_bytes(value[:4], "little"))
        elif name == _ATT_BODY:
            found.text = found.text or decode(value.rstrip(b"\0"), codepage)
        elif name == _ATT_MAPI:
            _message_properties(found, value, codepage)
        elif name == _ATT_RENDER:
            current = TnefFile()
            found.files.append(current)
        elif name in {_ATT_TITLE, _ATT_TRANSPORT_NAME, _ATT_DATA, _ATT_ATTACHMENT}:
            if current is None:
                current = TnefFile()
                found.files.append(current)
            if name == _ATT_DATA:
                current.content = value
            elif name == _ATT_ATTACHMENT:
                _file_properties(found, current, value, codepage, depth)
            else:
                current.name = current.name or clean_line(decode(value.rstrip(b"\0"), codepage))
    else:
        found.complete = False
    found.files = [one for one in found.files if one.content]
    return found


def _charset(codepage: int) -> str:
    return _CODEPAGES.get(codepage, f"cp{codepage}")


def _message_properties(found: Tnef, data: bytes, codepage: str) -> None:
    properties = _properties(data)
    if properties is None:
        found.complete = False
        return
    internet = properties.get(_INTERNET_CODEPAGE)
    charset = _charset(int.from_bytes(internet[1][:4], "little")) if internet else codepage
    if _BODY in properties:
        found.text = _text(properties[_BODY], codepage) or found.text
    if _HTML in properties:
        found.html = _text(properties[_HTML], charset) or found.html


def _file_properties(found: Tnef, one: TnefFile, data: bytes, codepage: str, depth: int) -> None:
    properties = _properties(data)
    if properties is None:
        found.complete = False
        return
    names = [_text(properties[key], codepage) for key in (_LONG_NAME, _SHORT_NAME) if key in properties]
    one.name = clean_line(next((name for name in names if name), one.name))
    if not one.name and _DISPLAY_NAME in properties:
        one.name = clean_line(_text(properties[_DISPLAY_NAME], codepage))
    if _MIME_TAG in properties:
        one.content_type = clean_line(_text(properties[_MIME_TAG], codepage)).lower()
    if _CONTENT_ID in properties:
        one.cid = clean_line(_text(properties[_CONTENT_ID], codepage)).strip("<>")
    if _OBJECT not in properties:
        return
    content = properties[_OBJECT][1]
    if not content.startswith(_EMBEDDED):
        one.content = one.content or content
        return
    inner = read_tnef(content[len(_EMBEDDED) :], depth + 1) if depth < _DEPTH_LIMIT else None
    if inner is None:
        found.complete = False
        return
    # A message within the message: its words become a file of their own, its files stand beside.
    if inner.html:
        one.name, one.content, one.content_type = (
            (one.name or "message") + ".html",
            inner.html.encode(),
            "text/html",
        )
    elif inner.text:
        one.name, one.content, one.content_type = (
            (one.name or "message") + ".txt",
            inner.text.encode(),
            "text/plain",
        )
    found.files.extend(inner.files)


def _text(value: tuple[int, bytes], charset: str) -> str:
    kind, data = value
    if kind == _UNICODE:
        return data[: len(data) - len(data) % 2].decode("utf-16-le", "replace").rstrip("\0")
    return decode(data.rstrip(b"\0"), charset)


def _properties(data: bytes) -> dict[int, tuple[int, bytes]] | None:
    """MAPI properties as id -> (type, first value); None when the list breaks off."""
    found: dict[int, tuple[int, bytes]] = {}
    try:
        (count,) = struct.unpack_from("<I", data)
        position = 4
        for _step in range(min(count, _PROPERTIES_LIMIT)):
            kind, key = struct.unpack_from("<HH", data, position)
            position += 4
            if key >= 0x8000:
                (named,) = struct.unpack_from("<I", data, position + 16)
                position += 20
                if named == 0:
                    position += 4
                else:
                    (size,) = struct.unpack_from("<I", data, position)
                    position += 4 + _padded(size)
            several = bool(kind & 0x1000)
            kind &= ~0x1000
            values = 1
            if several or kind in _VARIABLE:
                (values,) = struct.unpack_from("<I", data, position)
                position += 4
            for number in range(min(values, _PROPERTIES_LIMIT)):
                if kind in _VARIABLE:
                    (size,) = struct.unpack_from("<I", data, position)
                    start = position + 4
                    position = start + _padded(size)
                elif kind in _FIXED:
                    start, size = position, _FIXED[kind]
                    position += size
                else:
                    return found or None
                if start + size > len(data):
                    return found or None
                if number == 0:
                    found.setdefault(key, (kind, data[start : start + size]))
            if values > _PROPERTIES_LIMIT:
                return found or None
    except struct.error:
        return found or None
    return found


def _padded(size: int) -> int:
    return size + (-size % 4)

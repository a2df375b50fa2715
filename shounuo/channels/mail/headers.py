"""The header of a mail: lines, folding, encoded words, parameters. Tolerant and bounded."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from shounuo.kernel.text import clean, clean_line, decode, known_charset

BLOCK_LIMIT: Final = 512 * 1024
COUNT_LIMIT: Final = 1_000
VALUE_LIMIT: Final = 32 * 1024

_NAME: Final = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WELL_KNOWN: Final = re.compile(
    rb"(?i)(?:from|to|cc|subject|date|message-id|mime-version|content-[a-z-]+|received|return-path|reply-to"
    rb"|sender|in-reply-to|references|x-[a-z0-9-]+|delivered-to|dkim-signature|list-[a-z-]+|thread-[a-z]+"
    rb"|user-agent)[ \t]*:"
)
_FROM_LINE: Final = re.compile(rb">?From [^\r\n]*\d")
_LOOK_AHEAD: Final = 12


@dataclass(frozen=True, slots=True)
class Address:
    """A person in a header: `mail` as written (`kernel.text.normalise_mail` compares), `name` decoded."""

    mail: str
    name: str = ""

    def __str__(self) -> str:
        return f"{self.name} <{self.mail}>" if self.name else self.mail

    @property
    def domain(self) -> str:
        return self.mail.rpartition("@")[2].lower()


class Headers:
    """The header fields of a part, undecoded; values are decoded when asked for. Names in any case."""

    __slots__ = ("_fields", "hint")

    def __init__(self, fields: list[tuple[str, bytes]], hint: str = "") -> None:
        self._fields = fields
        self.hint = hint

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return iter(self._fields)

    def __contains__(self, name: str) -> bool:
        return any(key == name.lower() for key, _value in self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def raw(self, name: str) -> bytes:
        """The undecoded value of the first such field; empty if there is none."""
        wanted = name.lower()
        return next((value for key, value in self._fields if key == wanted), b"")

    def raw_all(self, name: str) -> list[bytes]:
        wanted = name.lower()
        return [value for key, value in self._fields if key == wanted]

    def text(self, name: str) -> str:
        """The decoded value of the first such field, on one line; empty if there is none."""
        return decode_words(self.raw(name), self.hint)

    def texts(self, name: str) -> list[str]:
        return [decode_words(value, self.hint) for value in self.raw_all(name)]


def read_headers(raw: bytes, start: int, end: int) -> tuple[Headers, int, list[str]]:
    """The header fields from `start`, where the body begins, and notes. Reads at most BLOCK_LIMIT bytes.

    Skips blank lines and mbox lines before the first field. A line that is no field continues the one before
    when well-known fields follow soon, and is the body's first line otherwise.
    """
    notes: list[str] = []
    fields: list[tuple[str, bytes]] = []
    lines: list[bytes] = []
    name = ""
    position = start
    if raw.startswith(b"\xef\xbb\xbf", position):
        position += 3
    limit = min(end, start + BLOCK_LIMIT)

    def store() -> None:
        nonlocal lines, name
        if name and len(fields) < COUNT_LIMIT:
            value = b" ".join(lines).strip() if len(lines) > 1 else lines[0].strip()
            if len(value) > VALUE_LIMIT:
                value = value[:VALUE_LIMIT]
                notes.append("header.limit")
            fields.append((name, value))
        elif name:
            notes.append("header.limit")
        lines, name = [], ""

    while position < end:
        if position >= limit:
            notes.append("header.limit")
            store()
            return Headers(fields), _after_blank_line(raw, position, end), notes
        line_end = raw.find(b"\n", position, end)
        next_line = end if line_end < 0 else line_end + 1
        line = raw[position : min(next_line, position + VALUE_LIMIT + 2)].rstrip(b"\r\n")
        if not line:
            if fields or name:
                store()
                return Headers(fields), next_line, notes
            position = next_line
            continue
        if line[0] in b" \t":
            if not line.strip():
                if _fields_follow(raw, next_line, end):
                    position = next_line
                    continue
                store()
                return Headers(fields), next_line, notes
            if name:
                lines.append(line.strip())
                position = next_line
                continue
            stripped = line.lstrip()
            if not fields and _NAME.match(stripped):
                line = stripped
                notes.append("header.odd")
        match = _NAME.match(line)
        if match:
            store()
            name = match.group(1).decode("ascii").lower()
            lines = [line[match.end() :].strip()]
        elif _FROM_LINE.match(line):
            if fields or name:
                notes.append("header.odd")
        elif (fields or name) and _fields_follow(raw, next_line, end):
            notes.append("header.odd")
            if name:
                lines.append(line)
        elif fields or name:
            notes.append("header.unended")
            store()
            return Headers(fields), position, notes
        elif _fields_follow(raw, next_line, end):
            notes.append("header.odd")
        else:
            return Headers(fields), position, notes
        position = next_line
    store()
    return Headers(fields), end, notes


def _after_blank_line(raw: bytes, position: int, end: int) -> int:
    found = [at + len(mark) for mark in (b"\n\r\n", b"\n\n") if (at := raw.find(mark, position, end)) >= 0]
    return min(found, default=end)


def _fields_follow(raw: bytes, position: int, end: int) -> bool:
    for _step in range(_LOOK_AHEAD):
        if position >= end or raw[position : position + 1] in b"\r\n":
            return False
        if _WELL_KNOWN.match(raw, position, min(end, position + 60)):
            return True
        line_end = raw.find(b"\n", position, end)
        if line_end < 0:
            return False
        position = line_end + 1
    return False


# A question mark inside a Q word is wrong but common; more than a few are not a word.
_WORD: Final = re.compile(rb"=\?([^?\s]{1,60})\?([BbQq])\?([^?]*(?:\?(?!=)[^?]*){0,8})(?:\?=|$)")
_Q_ESCAPE: Final = re.compile(rb"=([0-9A-Fa-f]{2})")


def decode_words(raw: bytes, hint: str = "", *, keep_lines: bool = False) -> str:
    """A header value as text: encoded words (split anywhere, also inside a character), raw 8-bit by `hint`."""
    finish = clean if keep_lines else clean_line
    if b"=?" not in raw:
        return finish(_plain(raw, hint))
    out: list[str] = []
    waiting: list[tuple[str, bytes, bytes]] = []
    position = 0
    for match in _WORD.finditer(raw):
        between = raw[position : match.start()]
        if between.strip():
            out.append(_joined(waiting))
            waiting = []
            out.append(_plain(between, hint))
        elif not waiting and between:
            out.append(" ")
        charset = match[1].partition(b"*")[0].decode("ascii", "replace").lower()
        kind = match[2].upper()
        if waiting and (waiting[-1][0], waiting[-1][1]) != (charset, kind):
            out.append(_joined(waiting))
            waiting = []
        waiting.append((charset, kind, match[3]))
        position = match.end()
    out.append(_joined(waiting))
    out.append(_plain(raw[position:], hint))
    return finish("".join(out))


def _plain(raw: bytes, hint: str) -> str:
    return (
        raw.decode("ascii")
        if raw.isascii() and b"\x1b" not in raw
        else decode(raw, _escape_charset(raw), hint=hint)
    )


def _escape_charset(raw: bytes) -> str | None:
    return "iso-2022" if b"\x1b" in raw else None


def _joined(words: list[tuple[str, bytes, bytes]]) -> str:
    """Neighbouring words of one charset, decoded together because writers cut inside characters."""
    if not words:
        return ""
    charset, kind, _text = words[0]
    if kind == b"B":
        texts = [re.sub(rb"[^A-Za-z0-9+/]", b"", text.partition(b"=")[0]) for _charset, _kind, text in words]
        if any(len(text) % 4 and b"=" not in words[index][2] for index, text in enumerate(texts[:-1])):
            texts = [b"".join(texts)]  # one Base64 stream cut into words
        data = b"".join(map(_base64, texts))
    else:
        data = b"".join(
            _Q_ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), text.replace(b"_", b" "))
            for _charset, _kind, text in words
        )
    if known_charset(charset) == "iso2022" and len(words) > 1 and kind == b"B":
        # Every word of this family starts anew in ASCII.
        return "".join(decode(_base64(text), charset) for text in texts)
    return decode(data, charset)


def _base64(text: bytes) -> bytes:
    try:
        return b64decode(text[: len(text) - (len(text) % 4 == 1)] + b"=" * (-len(text) % 4 % 3))
    except binascii.Error:
        return text


_PARAMETER: Final = re.compile(
    r"""[;\s]*([^\s=;"*]{1,80})(?:\*(\d{1,3}))?(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)(?:"|$)|([^;]*))""", re.DOTALL
)
_SEGMENTS: Final = 200


def read_parameters(raw: bytes, hint: str = "") -> tuple[str, dict[str, str]]:
    """The main value (lower case) of a structured field and its parameters, decoded.

    Understands RFC 2231 (continued, with charset), encoded words in quotes, raw 8-bit, unquoted values with
    spaces, and takes the first of two parameters of a name.
    """
    text = raw[:VALUE_LIMIT].decode("latin-1")
    main, _semicolon, rest = text.partition(";")
    value = main.split("(")[0].strip().lower()
    if "=" in value and "/" not in value:  # `name=x` where the type should be
        rest, value = text, ""
    elif " " in value or "\t" in value:
        value, _space, tail = value.replace("\t", " ").partition(" ")
        if "=" in tail:
            rest = main.strip()[len(value) :] + ";" + rest
    simple: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    position = 0
    while position < len(rest):
        match = _PARAMETER.match(rest, position)
        if not match:
            following = rest.find(";", position + 1)
            if following < 0:
                break
            position = following
            continue
        position = match.end()
        name = match[1].lower()
        if match[4] is not None:
            content = re.sub(r"\\([\\\"])", r"\1", match[4])
        else:
            content = (
                match[5].strip().strip("\"'") if not match[5].lstrip().startswith("=?") else match[5].strip()
            )
        if match[2] is not None or match[3]:
            held = pieces.setdefault(name, {})
            if len(held) < _SEGMENTS:
                held.setdefault(int(match[2] or 0), (bool(match[3]), content))
        else:
            simple.setdefault(name, content)
    # White space inside a boundary counts.
    decoded = {
        name: content if name == "boundary" else _parameter(content, hint) for name, content in simple.items()
    }
    for name, held in pieces.items():
        continued = _continued(held, hint)
        if continued:
            decoded[name] = continued
    return value, decoded


def _parameter(content: str, hint: str) -> str:
    raw = content.encode("latin-1")
    if b"=?" in raw:
        return decode_words(raw, hint)
    if b"%" in raw and raw.lower().startswith(
        (b"utf-8''", b"gbk''", b"gb2312''")
    ):  # RFC 2231 without its asterisk
        return _continued({0: (True, content)}, hint)
    return clean_line(_plain(raw, hint))


def _continued(held: dict[int, tuple[bool, str]], hint: str) -> str:
    charset = ""
    data = b""
    for number, (encoded, content) in sorted(held.items()):
        content = content.strip('"')
        if encoded:
            if number == 0 and content.count("'") >= 2:
                charset, _language, content = content.split("'", 2)
            data += unquote_to_bytes(content.encode("latin-1"))
        else:
            data += content.encode("latin-1")
    if b"=?" in data:
        return decode_words(data, hint)
    return clean_line(decode(data, charset or None, hint=hint))

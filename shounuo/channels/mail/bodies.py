"""Bodies: transfer encodings that lie, charsets, flowed text, uuencoded files in the middle of prose."""

from __future__ import annotations

import binascii
import re
from typing import Final

from shounuo.kernel.text import clean, decode, known_charset

_WORD: Final = re.compile(rb"[a-z0-9-]+")


def transfer_encoding(raw: bytes) -> str:
    """`base64`, `quoted-printable`, `uuencode`, empty for plain, or `?` for what nobody knows."""
    text = raw.lower().replace(b" ", b"-").replace(b"_", b"-").strip(b"-;\"'")
    match = _WORD.search(text)
    word = match[0].strip(b"-") if match else b""
    if not word or word in {b"7bit", b"8bit", b"binary", b"7-bit", b"8-bit", b"none", b"plain"}:
        return ""
    if word.startswith(b"base64") or word in {b"base-64", b"b64", b"b"}:
        return "base64"
    if word.startswith((b"quoted", b"qp")) or word == b"q":
        return "quoted-printable"
    if b"uue" in word or word == b"x-uu":
        return "uuencode"
    return "" if word.startswith((b"7", b"8", b"text", b"us-ascii", b"utf")) else "?"


def transfer_decode(data: bytes, encoding: str) -> tuple[bytes, tuple[str, ...]]:
    """The bytes behind a transfer encoding and notes; damage costs as little as possible."""
    if encoding == "base64":
        return _base64(data)
    if encoding == "quoted-printable":
        return binascii.a2b_qp(data), ()
    if encoding == "uuencode":
        files, rest = uu_files(data)
        return (files[0][1], ()) if files else (rest, ("uuencode.broken",))
    return data, ("encoding.unknown",) if encoding == "?" else ()


_NOT_BASE64: Final = re.compile(rb"[^A-Za-z0-9+/]+")
_PROSE: Final = re.compile(rb"[^A-Za-z0-9+/=\s]")
_GAPS: Final = re.compile(rb"[A-Za-z0-9,.] +[A-Za-z0-9]")
_FIRST_LINE: Final = re.compile(
    rb"\s*(?:[A-Za-z0-9+/]{4}){2,30}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?[ \t]*\r?(?:\n|$)"
)
# A line near the end with a gap between words or a sign that no encoder writes.
_FOOTER_LINE: Final = re.compile(rb"\n[^\r\n]*(?:[A-Za-z0-9,.] +[A-Za-z0-9]|[^A-Za-z0-9+/=\s])[^\r\n]*")
_FOOTER: Final = 2_000
_BROKEN: Final = ("base64.broken",)


def _base64(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    sample = data[:4000]
    odd = len(_PROSE.findall(sample)) + len(_GAPS.findall(sample)) * 2
    if odd > len(sample) / 20 + 2 and not _FIRST_LINE.match(data):
        return data, _BROKEN  # the label is wrong: these are words
    data, footer = _without_footer(data)
    if footer:
        return _base64_letters(data), _BROKEN
    pad = data.find(b"=")
    if pad < 0 or not data[pad:].strip(b"=\r\n\t "):
        try:
            return binascii.a2b_base64(data), ()
        except binascii.Error:
            return _base64_letters(data), _BROKEN
    # Several streams behind one another, or words that a mailing list put below.
    pieces: list[bytes] = []
    broken: tuple[str, ...] = ()
    for piece in re.split(rb"=+", data):
        if _PROSE.search(piece):
            broken = _BROKEN
        else:
            pieces.append(_base64_letters(piece))
    return (b"".join(pieces), broken) if any(pieces) else (_base64_letters(data), _BROKEN)


def _without_footer(data: bytes) -> tuple[bytes, bool]:
    """Without the words that a mailing list put below an encoded body."""
    start = max(0, len(data) - _FOOTER)
    match = _FOOTER_LINE.search(data, start)
    if match is None or match.start() == 0:
        return data, False
    return data[: match.start()], True


def _base64_letters(data: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", data)
    letters = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(letters + b"=" * (-len(letters) % 4))


_BEGIN: Final = re.compile(rb"(?:^|\n)begin(?:-base64)? [0-7]{3,4} ([^\r\n]{1,255})\r?\n")
_FILES_LIMIT: Final = 50


def uu_files(data: bytes) -> tuple[list[tuple[bytes, bytes]], bytes]:
    """Files uuencoded into `data` as (name, content), and what is left around them."""
    files: list[tuple[bytes, bytes]] = []
    rest: list[bytes] = []
    position = 0
    for attempt, match in enumerate(_BEGIN.finditer(data)):
        if attempt >= _FILES_LIMIT:
            break
        if match.start() < position:
            continue
        end = re.compile(rb"\nend[ \t]*(?:\r?\n|$)").search(data, match.end() - 1)
        if end is None:
            break
        content = _uu_lines(data[match.end() : end.start()])
        if content is None:
            continue
        rest.append(data[position : match.start()])
        files.append((match[1].strip(), content))
        position = end.end()
    rest.append(data[position:])
    return files, b"\n".join(rest) if files else data


def _uu_lines(block: bytes) -> bytes | None:
    out: list[bytes] = []
    for line in block.splitlines():
        if not line.strip() or line == b"`":
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3  # writers that pad lines beyond their length
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                return None
    return b"".join(out)


_META_CHARSET: Final = re.compile(
    rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE
)


def text_of(data: bytes, charset: str, *, html: bool = False) -> tuple[str, tuple[str, ...]]:
    """A text body as clean text, and notes. HTML without a declared charset is asked for its own."""
    notes: tuple[str, ...] = ()
    if not known_charset(charset):
        if charset and not data.isascii() and charset.lower() not in {"us-ascii", "ascii"}:
            notes = (f"charset.unknown:{charset[:40]}",)
        meta = _META_CHARSET.search(data, 0, 4096) if html else None
        charset = meta[1].decode("ascii") if meta else charset
    return clean(decode(data, charset)), notes


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Format=flowed text (RFC 3676) with its paragraphs joined again; quotes are joined per depth."""
    out: list[str] = []
    depth_before = -1
    open_line = False
    for line in text.split("\n"):
        content = line.lstrip(">")
        depth = len(line) - len(content)
        content = content.removeprefix(" ")
        flows = content.endswith(" ") and content != "-- "
        piece = content[:-1] if flows and delete_space else content
        if open_line and depth == depth_before and content != "-- ":
            out[-1] += piece
        else:
            out.append((">" * depth + " " if depth else "") + piece)
        open_line, depth_before = flows, depth
    return "\n".join(line.rstrip() if line != "-- " else line for line in out)

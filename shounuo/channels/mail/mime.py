"""The tree of parts of a mail, found within bounds and without copying; bodies stay where they are in the bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from shounuo.channels.mail.bodies import transfer_decode, transfer_encoding
from shounuo.channels.mail.headers import Headers, read_headers, read_parameters
from shounuo.channels.mail.model import Limits

_TYPE: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,80}/[a-z0-9!#$&^_.+-]{1,120}")
_GUESS: Final = re.compile(rb"(?:^|\n)--([!-~][ -~]{0,198}?)[ \t]*\r?\n(?=[Cc][Oo][Nn][Tt][Ee][Nn][Tt]-)")
_GUESS_WINDOW: Final = 64 * 1024


@dataclass(slots=True)
class Part:
    """A part: its header, and its body as `raw[start:end]` still in transfer encoding."""

    raw: bytes = field(repr=False)
    start: int
    end: int
    headers: Headers
    content_type: str
    parameters: dict[str, str]
    disposition: str
    disposition_parameters: dict[str, str]
    encoding: str
    children: list[Part] = field(default_factory=list)

    @property
    def family(self) -> str:
        return self.content_type.partition("/")[0]

    @property
    def file_name(self) -> str:
        return self.disposition_parameters.get("filename") or self.parameters.get("name") or ""

    @property
    def content_id(self) -> str:
        return self.headers.text("content-id").strip("<> ")

    def body(self) -> bytes:
        return self.raw[self.start : self.end]


class Budget:
    """What is left of the limits of one mail, and what was noted on the way."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parts = limits.parts
        self.bytes = limits.decoded_bytes
        self.notes: dict[str, None] = {}

    def note(self, *codes: str) -> None:
        self.notes.update(dict.fromkeys(codes))

    def take(self, size: int) -> int:
        """How many of `size` bytes may still be decoded."""
        allowed = min(size, self.bytes)
        if allowed < size:
            self.note("decoded.limit")
        self.bytes -= allowed
        return allowed


def read_part(
    raw: bytes, start: int, end: int, budget: Budget, *, default: str = "text/plain", depth: int = 0
) -> Part:
    """The part that begins with a header at `start`, with its children down to the limits."""
    headers, body, notes = read_headers(raw, start, end)
    if len(headers):
        budget.note(*notes)
    part = _part(raw, body, end, headers, default)
    budget.parts -= 1
    if part.family == "multipart":
        _open_multipart(part, budget, depth)
    elif part.content_type in {"message/rfc822", "message/global", "message/news"}:
        _open_message(part, budget, depth)
    return part


def _part(raw: bytes, start: int, end: int, headers: Headers, default: str) -> Part:
    content_type, parameters = default, dict[str, str]()
    for value in headers.raw_all("content-type")[:5]:
        declared, found = read_parameters(value)
        parameters = {**found, **parameters}
        if _TYPE.fullmatch(declared):
            content_type = declared
            break
        if declared in {"text", "html", "multipart"}:
            content_type = {"text": "text/plain", "html": "text/html", "multipart": "multipart/mixed"}[
                declared
            ]
            break
        if declared and "name" in found:
            content_type = "application/octet-stream"
    charset = parameters.get("charset", "")
    if not charset.isascii() or any(not value.isascii() for value in parameters.values()):
        _declared, parameters = read_parameters(headers.raw("content-type"), charset)
    headers.hint = charset if charset.isascii() else ""
    disposition, disposition_parameters = "", dict[str, str]()
    if "content-disposition" in headers:
        disposition, disposition_parameters = read_parameters(
            headers.raw("content-disposition"), headers.hint
        )
        disposition = re.sub(r"[^a-z-].*", "", disposition)
    return Part(
        raw, start, end, headers, content_type, parameters, disposition, disposition_parameters,
        transfer_encoding(headers.raw("content-transfer-encoding")),
    )  # fmt: skip


def _open_multipart(part: Part, budget: Budget, depth: int) -> None:
    if depth >= budget.limits.depth:
        budget.note("depth.limit")
        part.content_type = "application/octet-stream"
        return
    raw, start, end = part.raw, part.start, part.end
    if part.encoding in {"base64", "quoted-printable"}:
        # Forbidden for multiparts, yet sent; mostly the label is wrong and the body is plain.
        declared = part.parameters.get("boundary", "").encode("utf-8", "replace")
        if not declared or b"--" + declared not in raw[start:end]:
            raw, notes = transfer_decode(raw[start : start + budget.take(end - start)], part.encoding)
            budget.note(*notes)
            start, end = 0, len(raw)
        part.encoding = ""
    spans: list[tuple[int, int]] = []
    declared_boundary = part.parameters.get("boundary", "")
    for boundary in (
        declared_boundary.encode("utf-8", "replace"),
        declared_boundary.encode("latin-1", "replace"),
    ):
        if boundary and not spans:
            spans = _spans(raw, start, end, boundary, budget)
            spans = spans or _spans(raw, start, end, boundary, budget, loose=True)
    if not spans:
        guess = _GUESS.search(raw, start, min(end, start + _GUESS_WINDOW))
        if guess:
            spans = _spans(raw, start, end, guess[1].removesuffix(b"--"), budget)
            budget.note("boundary.guessed")
    if not spans:
        budget.note("boundary.missing")
        part.raw, part.start, part.end = raw, start, end
        opening = raw[start : start + 500].lstrip().lower()
        part.content_type = (
            "text/html" if opening.startswith((b"<html", b"<!doctype", b"<div")) else "text/plain"
        )
        return
    default = "message/rfc822" if part.content_type == "multipart/digest" else "text/plain"
    for first, last in spans:
        if budget.parts <= 0:
            budget.note("parts.limit")
            return
        part.children.append(read_part(raw, first, last, budget, default=default, depth=depth + 1))


def _spans(
    raw: bytes, start: int, end: int, boundary: bytes, budget: Budget, *, loose: bool = False
) -> list[tuple[int, int]]:
    """Where the parts between the delimiters lie; also after a closing one if more open, and without one.

    A delimiter fills its line, because one boundary may begin with another; `loose` allows words behind it.
    """
    mark = b"--" + boundary.rstrip()
    spans: list[tuple[int, int]] = []
    opened = -1
    position = raw.find(mark, start, end)
    while position >= 0:
        after = position + len(mark)
        line_end = raw.find(b"\n", after, end)
        next_line = end if line_end < 0 else line_end + 1
        closing = raw.startswith(b"--", after, end)
        rest = raw[after + 2 * closing : min(next_line, after + 200)].strip()
        at_line = position == start or raw[position - 1 : position] in {b"\n", b"\r"}
        if loose and raw[after + 2 * closing : after + 2 * closing + 1] in {b" ", b"\t"}:
            rest = b""
        if at_line and not rest:
            if opened >= 0:
                spans.append((opened, _line_before(raw, position, opened)))
            opened = -1 if closing else next_line
            if len(spans) > budget.limits.parts:
                budget.note("parts.limit")
                return spans
            position = raw.find(mark, next_line, end)
        else:
            position = raw.find(mark, after, end)
    if 0 <= opened < end:
        spans.append((opened, end))
    return spans


def _line_before(raw: bytes, position: int, least: int) -> int:
    """The end of what stands before a delimiter: its own line end belongs to the delimiter."""
    if position > least and raw[position - 1] == 0x0A:
        position -= 1
    if position > least and raw[position - 1] == 0x0D:
        position -= 1
    return max(position, least)


def _open_message(part: Part, budget: Budget, depth: int) -> None:
    if depth >= budget.limits.depth:
        budget.note("depth.limit")
        return
    raw, start, end = part.raw, part.start, part.end
    if part.encoding in {"base64", "quoted-printable"}:
        raw, notes = transfer_decode(raw[start : start + budget.take(end - start)], part.encoding)
        budget.note(*notes)
        part.raw, part.start, part.end, part.encoding = raw, 0, len(raw), ""
        start, end = 0, len(raw)
    if budget.parts <= 0:
        budget.note("parts.limit")
        return
    child = read_part(raw, start, end, budget, depth=depth + 1)
    if len(child.headers):
        part.children.append(child)

"""From the tree of parts to what a person sees: text, HTML, files, invitations, mails within the mail."""

from __future__ import annotations

import re
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass
from html import escape
from typing import Final

from shounuo.channels.mail.addresses import read_addresses, read_date
from shounuo.channels.mail.attachments import detect_type, safe_name
from shounuo.channels.mail.bodies import text_of, transfer_decode, unflow, uu_files
from shounuo.channels.mail.calendars import read_calendar
from shounuo.channels.mail.headers import decode_words
from shounuo.channels.mail.mime import Budget, Part
from shounuo.channels.mail.model import Attachment, Calendar, Forwarded
from shounuo.channels.mail.tnef import read_tnef
from shounuo.kernel.html import to_text

_BODY_TYPES: Final = frozenset(("text/plain", "text/html", "text/enriched", "text/richtext", "text/x-html"))
_REPORT_TYPES: Final = frozenset(
    ("message/delivery-status", "message/global-delivery-status", "message/disposition-notification")
)
_MESSAGE_TYPES: Final = frozenset(("message/rfc822", "message/global", "message/news"))
_DATA_IMAGE: Final = re.compile(
    r"""(\bsrc\s*=\s*["']?)data:image/(png|jpe?g|gif|webp);base64,([A-Za-z0-9+/=\s]{40,})(?=["'>])""",
    re.IGNORECASE,
)
_DATA_IMAGES_LIMIT: Final = 50


@dataclass(slots=True)
class Block:
    """A stretch of the message, as text, as HTML, or as both."""

    text: str = ""
    html: str = ""


class Content:
    """Collects what a tree of parts shows. With `files=False` only the words (for mails within the mail)."""

    def __init__(self, budget: Budget, *, files: bool = True, forwarded: int = 0) -> None:
        self.budget = budget
        self.keep_files = files
        self.depth = forwarded
        self.report = False
        self.attachments: list[Attachment] = []
        self.calendars: list[Calendar] = []
        self.forwarded: list[Forwarded] = []
        self.spare: list[Part] = []
        self.outlook = Block()
        self.text = ""
        self.html = ""

    def read(self, root: Part) -> None:
        """Fills `text`, `html` and the lists from the tree under `root`."""
        blocks = [block for block in self._blocks(root) if block.text.strip() or block.html.strip()]
        if not blocks and self.spare:
            blocks = [self._body(self.spare[0])]
        if not blocks and (self.outlook.text or self.outlook.html):
            blocks = [self.outlook]
        limits = self.budget.limits
        if any(block.html for block in blocks):
            self.html = "\n".join(block.html or _as_html(block.text) for block in blocks)
            if self.keep_files and "data:image/" in self.html:
                self.html = self._images_in_html(self.html)
            if len(self.html) > limits.html_chars:
                self.html = self.html[: limits.html_chars]
                self.budget.note("html.limit")
        self.text = "\n\n".join(block.text or to_text(block.html) for block in blocks).strip("\n")
        if len(self.text) > limits.text_chars:
            self.text = self.text[: limits.text_chars]
            self.budget.note("text.limit")

    def _blocks(self, part: Part) -> list[Block]:
        if part.family == "multipart":
            if part.content_type == "multipart/alternative":
                return self._alternative(part)
            self.report = self.report or part.content_type == "multipart/report"
            related = part.content_type == "multipart/related"
            blocks: list[Block] = []
            for number, child in enumerate(part.children):
                blocks += (
                    self._leaf(child, inline=True)
                    if related and number and not child.children
                    else self._blocks(child)
                )
            return blocks
        return self._leaf(part)

    def _alternative(self, part: Part) -> list[Block]:
        """One block from the branches: the first plain text, the last HTML."""
        chosen = Block()
        for child in part.children:
            branch = self._blocks(child)
            html = "\n".join(block.html or _as_html(block.text) for block in branch)
            text = "\n\n".join(block.text for block in branch if block.text)
            if any(block.html for block in branch):
                chosen.html = html
                # Text between the pictures of an HTML branch is no alternative of its own.
                continue
            chosen.text = chosen.text or text
        return [chosen] if chosen.text or chosen.html else []

    def _leaf(self, part: Part, *, inline: bool = False) -> list[Block]:
        kind = part.content_type
        if kind in _REPORT_TYPES:
            return []
        if kind in _MESSAGE_TYPES and part.children:
            self._message(part)
            return []
        if kind in _BODY_TYPES and part.disposition != "attachment" and not inline:
            if not part.file_name:
                return [self._body(part)]
            if not self.spare:
                self.spare.append(part)
        if kind == "text/calendar":
            self._calendar(part)
        if self.keep_files:
            self._file(part, inline=inline)
        return []

    def _decoded(self, part: Part, limit: int | None = None) -> bytes:
        size = part.end - part.start
        allowed = self.budget.take(min(size, limit) if limit is not None else size)
        data, notes = transfer_decode(part.raw[part.start : part.start + allowed], part.encoding)
        self.budget.note(*notes)
        return data

    def _body(self, part: Part) -> Block:
        html = part.content_type in {"text/html", "text/x-html"}
        limits = self.budget.limits
        # Pictures inside HTML make it long; of plain text four bytes a character are enough.
        data = self._decoded(part, None if html else limits.text_chars * 6)
        if not html and b"begin " in data:
            files, data = uu_files(data)
            for name, content in files if self.keep_files else []:
                self._add(decode_words(name), content, "application/octet-stream")
        text, notes = text_of(data, part.parameters.get("charset", ""), html=html)
        self.budget.note(*notes)
        if html:
            return Block(html=text)
        if part.content_type in {"text/enriched", "text/richtext"}:
            text = re.sub(r"<[^<>]*>", "", text.replace("<<", "‹")).replace("‹", "<")
        elif part.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        return Block(text=text)

    def _calendar(self, part: Part) -> None:
        data, _notes = transfer_decode(part.raw[part.start : part.start + 400_000], part.encoding)
        text, _more = text_of(data, part.parameters.get("charset", "utf-8"))
        calendar = read_calendar(text, part.parameters.get("method", ""))
        if calendar is not None and len(self.calendars) < 20 and calendar not in self.calendars:
            self.calendars.append(calendar)

    def _message(self, part: Part) -> None:
        inner = part.children[0]
        subject = inner.headers.text("subject")
        if self.keep_files:
            name = part.file_name or re.sub(r"[/\\\\]", "_", subject[:80])
            if name and not name.lower().endswith((".eml", ".msg", ".mht")):
                name += ".eml"
            self._add(name, self._decoded(part), "message/rfc822")
        if self.report:  # a returned mail is not a forwarded one
            return
        if len(self.forwarded) >= self.budget.limits.forwarded or self.depth >= self.budget.limits.depth:
            return
        words = Content(self.budget, files=False, forwarded=self.depth + 1)
        words.read(inner)
        sender = read_addresses(inner.headers.raw("from"), inner.headers.hint)
        self.forwarded.append(
            Forwarded(
                subject[:998], sender[0] if sender else None, read_date(inner.headers.raw("date")), words.text
            )
        )
        self.forwarded += words.forwarded
        self.calendars += [one for one in words.calendars if one not in self.calendars]

    def _file(self, part: Part, *, inline: bool) -> None:
        name = part.file_name or part.headers.text("content-description")[:100]
        declared = part.content_type
        content = self._decoded(part)
        if not content and not part.file_name:
            return
        tnef = declared in {"application/ms-tnef", "application/vnd.ms-tnef"} or name.lower() == "winmail.dat"
        if tnef and self._tnef(content):
            return
        if part.encoding == "uuencode":
            files, _rest = uu_files(part.body())
            name = name or (decode_words(files[0][0]) if files else "")
        elif part.encoding == "" and declared.startswith("application/") and content.startswith(b"begin "):
            files, _rest = uu_files(content)
            content = files[0][1] if files else content
        cid = part.content_id or ""
        if not cid and part.headers.raw("content-location") and inline:
            cid = part.headers.text("content-location")
        shown = inline or part.disposition == "inline" or (bool(cid) and part.disposition != "attachment")
        self._add(name, content, declared, cid=cid, inline=shown)

    def _tnef(self, content: bytes) -> bool:
        """Unpacks a winmail.dat; False when it is kept as a file because nothing, or not all, came out."""
        unpacked = read_tnef(content)
        if unpacked is None:
            self.budget.note("tnef.broken")
            return False
        for one in unpacked.files:
            self._add(one.name, one.content, one.content_type or "application/octet-stream", cid=one.cid)
        self.outlook = Block(unpacked.text, unpacked.html)
        if not unpacked.complete:
            self.budget.note("tnef.broken")
        return unpacked.complete and bool(unpacked.files or unpacked.text or unpacked.html)

    def _add(self, name: str, content: bytes, declared: str, *, cid: str = "", inline: bool = False) -> None:
        if len(self.attachments) >= self.budget.limits.attachments:
            self.budget.note("attachments.limit")
            return
        detected = detect_type(content)
        if declared == "message/rfc822":
            detected = declared
        kind = declared if declared != "application/octet-stream" else detected
        number = len(self.attachments) + 1
        self.attachments.append(
            Attachment(safe_name(name, kind, number), content, declared, detected, cid[:500], inline)
        )

    def _images_in_html(self, html: str) -> str:
        """Pictures pasted into the HTML as `data:` become files that it names by `cid:`, as others send them."""
        taken = 0

        def moved(match: re.Match[str]) -> str:
            nonlocal taken
            if taken >= _DATA_IMAGES_LIMIT:
                return match[0]
            try:
                content = a2b_base64(match[3])
            except (Base64Error, ValueError):
                return match[0]
            taken += 1
            kind = "jpeg" if match[2].lower() == "jpg" else match[2].lower()
            cid = f"pasted-{taken}@inline"
            self._add("", content[: self.budget.take(len(content))], f"image/{kind}", cid=cid, inline=True)
            return f"{match[1]}cid:{cid}"

        return _DATA_IMAGE.sub(moved, html)


def _as_html(text: str) -> str:
    return "<div>" + escape(text).replace("\n", "<br>\n") + "</div>" if text else ""

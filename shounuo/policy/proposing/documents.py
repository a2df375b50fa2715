"""Text out of a file that somebody uploads: .docx, .pdf with text, .md, .txt in whatever encoding.

What a file is, its content says, not its name. Everything is bounded: bytes, unpacked bytes, pages, characters, and for
a PDF time and memory too, since it is read in a process of its own.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Invalid, TooLarge
from shounuo.kernel.text import clean, decode
from shounuo.policy.proposing import docx, pdf
from shounuo.policy.proposing.normalise import unify

MAX_BYTES = 20 * 1024 * 1024
MAX_CHARACTERS = 200_000
PDF_SECONDS = 40
_REPEATED_FROM = 3
_PAGE_NUMBER = re.compile(
    r"^[\s\-—–·•]*(?:第\s*)?[0-9]{1,4}(?:\s*页)?(?:\s*(?:/|共|of)\s*[0-9]{1,4}\s*页?)?[\s\-—–·•]*$"
)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text. `outline`: offsets of lines that are headings by their style, with their level from 1. `kind`:
    docx, pdf or text; `pages` of a PDF. `wrapped`: its lines end where the page did (None = not known)."""

    text: str
    outline: tuple[tuple[int, int], ...] = ()
    kind: str = "text"
    pages: int | None = None
    wrapped: bool | None = None


def read(data: bytes) -> Document:
    """The text of a file.

    Raises TooLarge beyond the limits, Invalid (with what to do about it) for a file that holds no text: a scan, an
    encrypted or broken file, an older word processor's, a picture.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(_("文件超过 %(mb)d MB") % {"mb": MAX_BYTES // 1024 // 1024}, field="file")
    if data[:1024].lstrip().startswith(b"%PDF-") or b"%PDF-" in data[:1024]:
        document = _pdf(data)
    elif data.startswith(b"PK\x03\x04"):
        document = _docx(data)
    else:
        document = _plain(data)
    if not document.text.strip():
        raise Invalid(_("文件里没有文字"), field="file", code="no_text")
    if len(document.text) > MAX_CHARACTERS:
        raise TooLarge(_("文字超过 %(max)d 字，请分成几份上传") % {"max": MAX_CHARACTERS}, field="file")
    return document


def _plain(data: bytes) -> Document:
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        raise Invalid(_("这是旧版 Word 文件（.doc），请另存为 .docx 再上传"), field="file", code="old_word")
    if data.startswith(b"{\\rtf"):
        raise Invalid(_("这是 RTF 文件，请另存为 .docx 再上传"), field="file", code="rich_text")
    decoded = decode(data, "utf-16") if _is_wide(data[:4096]) else decode(data.replace(b"\0", b""))
    sample = decoded[:20_000]
    strange = sum(1 for c in sample if unicodedata.category(c) in ("Cc", "Cn", "Co") and c not in "\r\n\t\f")
    if (strange + sample.count("\ufffd")) * 10 > len(sample):
        raise Invalid(_("认不出这个文件，请上传 .docx、.pdf、.md 或 .txt"), field="file", code="unknown_file")
    return Document(unify(clean(decoded)))


def _is_wide(head: bytes) -> bool:
    """True where zero bytes belong to the characters, and are not a few that something left in the text."""
    zeros = head.count(0)
    if not zeros or head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return bool(zeros)
    try:
        head[: head.rfind(b"\n") + 1].replace(b"\0", b"").decode("utf-8")
    except UnicodeDecodeError:
        return True
    return zeros * 4 > len(head)


def _docx(data: bytes) -> Document:
    try:
        lines = docx.read(data)
    except docx.Broken as broken:
        raise Invalid(
            {
                "not_word": _("认不出这个文件，请上传 .docx、.pdf、.md 或 .txt"),
                "too_large": _("文件解开后太大"),
                "encrypted": _("文件有密码，请去掉密码再上传"),
                "damaged": _("文件已损坏，请在 Word 里打开并重新保存"),
            }[broken.code],
            field="file",
            code=broken.code,
        ) from broken
    text, outline, at = [], [], 0
    for line in lines:
        content = unify(clean(line.text))
        if line.level:
            outline.append((at, line.level))
        text.append(content)
        at += len(content) + 1
    return Document("\n".join(text), tuple(outline), "docx", wrapped=False)


def _pdf(data: bytes) -> Document:
    try:
        ran = subprocess.run(  # this interpreter on our own file
            [sys.executable, "-I", str(Path(pdf.__file__))],
            input=data,
            capture_output=True,
            timeout=PDF_SECONDS,
            check=False,
        )
        answer = json.loads(ran.stdout or b"{}")
    except (subprocess.TimeoutExpired, ValueError):
        answer = {}
    problem = answer.get("problem", "" if "pages" in answer else "damaged")
    if problem:
        raise Invalid(
            {
                "encrypted": _("文件有密码，请去掉密码再上传"),
                "too_many_pages": _("超过 %(max)d 页，请分成几份上传") % {"max": pdf.MAX_PAGES},
            }.get(problem, _("读不了这份 PDF，请换成 .docx 或 .txt 上传")),
            field="file",
            code=problem,
        )
    pages = [unify(clean(page)) for page in answer["pages"]]
    text = "\n".join(_without_margins(pages))
    if not text.strip():
        raise Invalid(
            _("这份 PDF 里没有文字（多半是扫描件），请先识别文字，或上传 .docx"), field="file", code="no_text"
        )
    return Document(text, kind="pdf", pages=len(pages), wrapped=True)


def _without_margins(pages: list[str]) -> list[str]:
    """The pages without their numbers and without lines that stand on most of them (heads and feet)."""
    lines = [page.split("\n") for page in pages]
    seen = Counter(line.strip() for page in lines for line in {*page[:2], *page[-2:]} if line.strip())
    repeated = {line for line, n in seen.items() if n >= _REPEATED_FROM and n * 2 > len(pages)}
    kept = []
    for page in lines:
        edge = {0, 1, len(page) - 1, len(page) - 2}
        kept.append(
            "\n".join(
                line
                for i, line in enumerate(page)
                if i not in edge or (line.strip() not in repeated and not _PAGE_NUMBER.match(line))
            )
        )
    return kept

"""Names and types of files that came by mail: never a path, never believed by their label alone."""

from __future__ import annotations

import re
from typing import Final

import filetype  # type: ignore[import-untyped]

from shounuo.kernel.text import clean_line, truncate

_NAME_LIMIT: Final = 120
_UNSAFE: Final = re.compile(r"""[\x00-\x1f<>:"/\\|?*]+""")
_DEVICES: Final = re.compile(r"^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
_EXTENSIONS: Final[dict[str, str]] = {
    "message/rfc822": "eml", "text/plain": "txt", "text/html": "html", "text/calendar": "ics", "text/csv": "csv",
    "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp",
    "image/bmp": "bmp", "image/tiff": "tif", "image/heic": "heic", "application/zip": "zip", "audio/amr": "amr",
    "application/msword": "doc", "application/vnd.ms-excel": "xls", "application/rtf": "rtf", "text/rtf": "rtf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/pgp-signature": "asc", "application/pkcs7-signature": "p7s", "application/ms-tnef": "dat",
    "audio/mpeg": "mp3", "video/mp4": "mp4", "text/x-vcard": "vcf", "text/vcard": "vcf",
}  # fmt: skip
_WINDOW: Final = 8 * 1024
_MARKUP: Final = (
    (b"<svg", "image/svg+xml"),
    (b"<html", "text/html"),
    (b"<!doctype html", "text/html"),
    (b"<script", "text/html"),
    (b"<?xml", "text/xml"),
)
_SIGNATURES: Final = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (b"{\\rtf", "application/rtf"),
    (b"BEGIN:VCALENDAR", "text/calendar"),
    (b"BEGIN:VCARD", "text/vcard"),
    (b"MZ", "application/x-msdownload"),
    (b"#!", "text/x-script"),
)


def safe_name(name: str, content_type: str, number: int) -> str:
    """A file name that is no path, no device and hides nothing; made from type and number where there is none."""
    base = re.split(r"[/\\]", clean_line(name))[-1]
    base = _UNSAFE.sub("_", base).strip(" .")
    if not base:
        kind = "image" if content_type.startswith("image/") else "attachment"
        extension = _EXTENSIONS.get(content_type, "bin")
        return f"{kind}-{number}.{extension}"
    if _DEVICES.match(base):
        base = "_" + base
    if len(base) > _NAME_LIMIT:
        stem, dot, extension = base.rpartition(".")
        if dot and len(extension) <= 12:
            base = f"{truncate(stem, _NAME_LIMIT - len(extension) - 1)}.{extension}"
        else:
            base = truncate(base, _NAME_LIMIT)
    return base


def detect_type(content: bytes) -> str:
    """The type that the bytes show: a known signature, active markup, plain text, or unknown binary."""
    if not content:
        return "application/x-empty"
    window = content[:_WINDOW]
    kind = filetype.guess(window if len(content) > _WINDOW and not window.startswith(b"PK") else content)
    if kind is not None and not (kind.mime == "application/xml" or kind.mime.startswith("text/")):
        return str(kind.mime)
    opening = window.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for signature, found in _SIGNATURES:
        if window.lstrip().startswith(signature):
            return found
    for start, found in _MARKUP:
        if opening.startswith(start):
            if found == "text/xml" and b"<svg" in opening:
                return "image/svg+xml"
            return "text/html" if found == "text/xml" and b"<html" in opening else found
    if b"\0" in window:
        return "application/octet-stream"
    controls = sum(1 for byte in window if byte < 32 and byte not in b"\t\r\n\x0c\x1b")
    if controls * 100 > len(window):
        return "application/octet-stream"
    return "text/html" if re.search(rb"<(?:script|iframe|body|html)[\s>]", opening) else "text/plain"

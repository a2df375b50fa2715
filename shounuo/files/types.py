"""What bytes are, judged by themselves: neither a name nor a sender's word counts."""

from __future__ import annotations

import re

import filetype

# Shown in the page itself; everything else is a download. SVG and HTML can carry scripts.
SAFE_IMAGES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
UNKNOWN = "application/octet-stream"
_MARKUP = re.compile(rb"<(?:!doctype|html|head|body|script|svg|\?xml|!--|iframe|style|meta)\b", re.IGNORECASE)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def type_of(head: bytes) -> str:
    """The media type of content that begins like this; markup is told apart from plain text, doubt is
    unknown.
    """
    if not head:
        return UNKNOWN
    guessed = filetype.guess_mime(head)
    if guessed:
        return str(guessed)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "application/x-ole-storage"
    bare = head[3:] if head.startswith(b"\xef\xbb\xbf") else head
    if _BINARY.search(bare):
        return UNKNOWN
    if found := _MARKUP.search(bare[:2048]):
        word = found.group().lower()
        return "image/svg+xml" if b"<svg" in bare[:2048].lower() else _markup(word)
    return "text/plain"


def _markup(word: bytes) -> str:
    return "application/xml" if word == b"<?xml" else "text/html"

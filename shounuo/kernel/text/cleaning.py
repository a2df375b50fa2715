"""What a database and a screen can take: no control characters, no half pairs, known width and length."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
_LINE_ENDS: Final = re.compile("\r\n|\r|\x85|\u2028|\u2029")
# Marks that reorder or hide what is around them: harmless in running text, a disguise in names and subjects.
_DISGUISE: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\U000e0000-\U000e007f]"
)
_SPACES: Final = re.compile(r"\s+")
_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20, 0x00A0: 0x20, 0xFFE0: 0xA2, 0xFFE1: 0xA3, 0xFFE5: 0xA5, 0x3002: 0x2E, 0xFF61: 0x2E,
}  # fmt: skip


def clean(text: str) -> str:
    """`text` with line ends as \\n, without what PostgreSQL or a terminal cannot take (NUL, C0, C1)."""
    # A surrogate is a damaged character and stays visible as one; a control character just goes.
    return _FORBIDDEN.sub(lambda match: "\ufffd" if match[0] >= "\ud800" else "", _LINE_ENDS.sub("\n", text))


def clean_line(text: str, limit: int | None = None) -> str:
    """One line for names, subjects and file names: cleaned, white space as one space, no invisible marks."""
    text = _SPACES.sub(" ", _DISGUISE.sub("", clean(text))).strip()
    return truncate(text, limit) if limit is not None else text


def fold_width(text: str) -> str:
    """Full-width Latin letters, digits, signs and spaces in their usual half-width forms."""
    return text if text.isascii() else text.translate(_WIDTH)


def truncate(text: str, limit: int, ellipsis: str = "…") -> str:
    """At most `limit` characters, ending with the ellipsis when cut; combined characters stay whole."""
    if len(text) <= limit:
        return text
    end = max(0, limit - len(ellipsis))
    while end > 0 and (_joins(text[end]) or text[end - 1] == "\u200d"):
        end -= 1
    return text[:end].rstrip() + ellipsis[: max(0, limit)]


def _joins(character: str) -> bool:
    return (
        character in "\u200d\ufe0f\ufe0e\u20e3"
        or bool(unicodedata.combining(character))
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )

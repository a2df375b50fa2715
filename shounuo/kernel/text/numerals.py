"""Numbers in text from outside: an address, a form, a header, a mail."""

from __future__ import annotations

import unicodedata
from typing import Final

from shounuo.kernel.text.cleaning import fold_width

MOST: Final = 2**63 - 1  # what a column of ids holds


def whole(text: str | None, most: int = MOST) -> int | None:
    """The whole number that a text says in the digits 0 to 9 and nothing else; None where it says none, or more than `most`.

    No sign, point, exponent, white space or digit of another script, and no more digits than `most` has; zeros in front
    count as digits. Never raises: `str.isdigit` lets ² and ٣ by, and `int` refuses the one and any text of 5,000 digits.
    """
    if not text or len(text) > len(str(most)) or not (text.isascii() and text.isdigit()):
        return None
    number = int(text)
    return number if number <= most else None


def plain_digits(text: str) -> str:
    """The text with full-width signs as usual ones and the digits of every script (٣, ५) as 0 to 9; ² is none."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in fold_width(text))


def digits_in(text: str) -> str:
    """The digits of a text as 0 to 9, whatever their script, without all that stands between them."""
    return "".join(c for c in plain_digits(text) if c in "0123456789")

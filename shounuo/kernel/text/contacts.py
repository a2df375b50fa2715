"""Mail addresses and phone numbers: one form for comparing, one for those who may not see all of it."""

from __future__ import annotations

import re
from typing import Final

from shounuo.kernel.text.cleaning import clean_line, fold_width
from shounuo.kernel.text.numerals import plain_digits

_ATOM: Final = r"""[^\s@<>()\[\]\\,;:"./]{1,63}"""
_ADDRESS: Final = re.compile(rf"""^[^\s@<>()\[\]\\,;:"]{{1,64}}@(?:{_ATOM}\.)*{_ATOM}$""")
_QUOTED: Final = re.compile(r'^"([^"\\\s@]+)"@')
_PHONE_TEXT: Final = re.compile(r"[+(]*\d[\d\s().\-\u2010-\u2015\u2212~_/]*\d")
_EXTENSION: Final = re.compile(
    r"^[\s,，;；(]*(?:转分机|转|分机号?|内线|ext(?:ension)?\.?|x|\#|;ext=|,)\s*[:：]?\s*(\d{1,6})\b", re.I
)
_DASHED_EXTENSION: Final = re.compile(
    r"^(\(?(?:\+?86|0086)?\D?0\d{2,3}\)?[\s-]*\d{3,4}[\s-]?\d{4})\s*[-\u2010-\u2015]\s*(\d{1,6})$"
)
_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_LANDLINE: Final = re.compile(r"0(?:10|2\d)[1-9]\d{7}|0[3-9]\d{2}[1-9]\d{6,7}")
_SERVICE: Final = re.compile(r"(?:400|800)\d{7}|9[56]\d{3,6}|1[012]\d{1,4}|12\d{3,6}")
_LOCAL: Final = re.compile(r"[2-8]\d{6,7}")
_DATE: Final = re.compile(
    r"(?:19|20)\d{2}[-./]?(?:0[1-9]|1[0-2])[-./]?(?:0[1-9]|[12]\d|3[01])|(?:19|20)\d{2}-\d{1,2}-\d{1,2}"
)
_CARRIER: Final = re.compile(r"^(?:17951|12593|17911|17909|10193)(?=0?1[3-9]\d{9}$|0\d{9,11}$)")


def normalise_mail(addr: str) -> str:
    """A mail address as compared and stored: lower case, half width, ASCII domain; empty if it is none."""
    text = _QUOTED.sub(r"\1@", clean_line(fold_width(addr)).strip(" <>").removeprefix("mailto:"))
    text = text.strip(" \"'<>[]()，；;,.").lower()
    if not _ADDRESS.match(text) or len(text) > 254:
        return ""
    local, _, domain = text.rpartition("@")
    if local.startswith(".") or local.endswith("."):
        local = local.strip(".")
    if not local:
        return ""
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return ""
    return f"{local}@{domain}"


def normalise_phone(text: str) -> str:
    """The first phone number in `text`: digits 0 to 9 only, whatever script they were typed in, `-` and extension behind; empty if there is none.

    Chinese numbers lose +86, 0086, carrier prefixes and the long-distance 0 before a mobile (13812346721,
    01062781234-801, 4008001234, 95588); others keep + and country code (+14155550123).
    """
    folded = plain_digits(text)
    for match in _PHONE_TEXT.finditer(folded[:500]):
        for piece in re.split(r"[/~]|\s{2,}", match.group()):
            dashed = _DASHED_EXTENSION.match(piece.strip())
            number = _number(dashed.group(1) if dashed else piece)
            if not number:
                continue
            follows = (
                _EXTENSION.match(folded[match.end() : match.end() + 30])
                if match.group().endswith(piece)
                else None
            )
            extension = dashed.group(2) if dashed else follows.group(1) if follows else ""
            return f"{number}-{extension}" if extension else number
    return ""


def _number(piece: str) -> str:
    foreign = piece.lstrip("( ").startswith("+")
    if _DATE.fullmatch(piece.strip()):
        return ""
    digits = re.sub(r"\D", "", piece)
    if not foreign and digits.startswith("00") and len(digits) > 9:
        digits, foreign = digits[2:], True
    if digits.startswith("86") and (foreign or len(digits) >= 12):
        domestic = digits[2:]
        # +86 10 6278 1234 is written without the 0 of the area code.
        for candidate in (domestic, domestic.removeprefix("0"), "0" + domestic):
            if (
                _MOBILE.fullmatch(candidate)
                or _LANDLINE.fullmatch(candidate)
                or _SERVICE.fullmatch(candidate)
            ):
                return candidate
        if foreign:
            return ""
    if foreign:
        return "+" + digits if 7 <= len(digits) <= 15 else ""
    digits = _CARRIER.sub("", digits)
    if digits.startswith("01") and _MOBILE.fullmatch(digits[1:]):
        return digits[1:]
    if any(pattern.fullmatch(digits) for pattern in (_MOBILE, _LANDLINE, _SERVICE, _LOCAL)):
        return digits
    return ""


def mask_phone(text: str) -> str:
    """A number for those who may not see it: `138 **** 6721`, `010 **** 1234`; of short ones two digits."""
    number, _, extension = (normalise_phone(text) or re.sub(r"[^\d+]", "", plain_digits(text))).partition("-")
    if not number:
        return ""
    tail = "-***" if extension else ""
    if _MOBILE.fullmatch(number):
        return f"{number[:3]} **** {number[-4:]}{tail}"
    if _LANDLINE.fullmatch(number):
        area = number[:3] if number[1] in "12" else number[:4]
        return f"{area} **** {number[-4:]}{tail}"
    if number.startswith("+"):
        return f"{number[:3]} **** {number[-4:] if len(number) > 9 else number[-2:]}{tail}"
    if len(number) >= 7:
        return f"{'*' * 4} {number[-4:] if len(number) > 8 else number[-2:]}{tail}"
    return "*" * max(2, len(number) - 2) + (number[-2:] if len(number) > 4 else "")


def mask_mail(addr: str) -> str:
    """An address for those who may not see it: first and last character of the name, the whole domain."""
    local, at, domain = (normalise_mail(addr) or addr.strip()).rpartition("@")
    if not at:
        return "***" if addr.strip() else ""
    shown = f"{local[0]}***{local[-1]}" if len(local) >= 5 else f"{local[:1]}***"
    return f"{shown}@{domain}"

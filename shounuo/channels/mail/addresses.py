"""Addresses, dates and message ids in headers, as people's programs really write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_tz
from typing import Final

from shounuo.channels.mail.headers import Address, decode_words
from shounuo.kernel.text import clean_line, decode

_LIMIT: Final = 1_000
_PLAIN: Final = r"""\s<>()\[\],;:"'“”＜＞"""
_MAIL: Final = re.compile(rf"[^{_PLAIN}]{{1,200}}@(?:[^@{_PLAIN}]{{1,253}}|\[[0-9A-Fa-f.:IPv]{{3,60}}\])")
_WIDE: Final = str.maketrans("＜＞，；＠", "<>,;@")


def read_addresses(raw: bytes, hint: str = "") -> tuple[Address, ...]:
    """All addresses of a field, in order, each once; groups are opened, what holds no address is left out."""
    if not raw:
        return ()
    text = raw.decode("ascii") if raw.isascii() else decode(raw, None, hint=hint)
    found: dict[str, Address] = {}
    for item in _split(text):
        address = _address(item, hint)
        if address is not None and len(found) < _LIMIT:
            found.setdefault(address.mail, address)
    return tuple(found.values())


def _split(text: str) -> list[str]:
    """Items between commas and semicolons outside quotes, brackets and comments; group names are dropped."""
    items: list[str] = []
    piece: list[str] = []
    quoted = False
    angle = False
    comment = 0
    skip = False
    marked = False
    for character in " ".join(text.translate(_WIDE).split()):
        if skip:
            piece.append(character)
            skip = False
            continue
        if character == "\\" and (quoted or comment):
            skip = True
        elif character == '"' and not comment:
            quoted = not quoted
        elif quoted:
            pass
        elif character == "(":
            comment += 1
        elif character == ")" and comment:
            comment -= 1
        elif comment:
            pass
        elif character == "<":
            angle = True
        elif character == ">":
            angle = False
        elif character in ",;" and not angle:
            items.append("".join(piece))
            piece = []
            marked = False
            continue
        elif character == ":" and not angle and not marked:
            piece = []
            continue
        elif character in "@=[":
            marked = True
        piece.append(character)
    if quoted and '"' in piece:  # a quote that never closed swallowed the rest
        rest = "".join(piece)
        return [*items, *(part for part in re.split(r"[,;]", rest.replace('"', "")) if part.strip())]
    items.append("".join(piece))
    return [item for item in items if item.strip()]


def _address(item: str, hint: str, *, decoded: bool = False) -> Address | None:
    bracket = re.search(r"<([^<>]*)>?\s*(?:\([^()]*\)\s*)?$", item) or re.search(r"<([^<>]*@[^<>]*)>", item)
    if bracket:
        inside = bracket[1].strip().removeprefix("mailto:")
        mail = inside.rpartition(":")[2] if inside.startswith("@") else inside  # an old source route
        mail = re.sub(r"\s+", "", mail).strip("'\"")
        name = _name(item[: bracket.start()], hint) or _name(item[bracket.end() :].strip("() "), hint)
        plain = _MAIL.fullmatch(mail) or _MAIL.search(mail)
        if plain:
            return Address(clean_line(plain[0])[:320], "" if name == plain[0] else name)
        if not mail and not name:
            return None
    else:
        plain = _MAIL.search(item)
        if plain:
            rest = (item[: plain.start()] + " " + item[plain.end() :]).replace("mailto:", "")
            name = _name(rest.strip(" ()[]'\"“”<>"), hint)
            return Address(clean_line(plain[0]).rstrip(".")[:320], name)
    if not decoded and "=?" in item:
        # The whole of it, address included, was written as one encoded word.
        return _address(decode_words(item.encode("utf-8"), hint), hint, decoded=True)
    return None


def _name(text: str, hint: str) -> str:
    text = text.strip()
    if "=?" in text:
        text = decode_words(text.encode("utf-8"), hint)
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    text = re.sub(r"\\(.)", r"\1", text.replace('"', "") if '\\"' not in text else text)
    if "=?" in text:
        text = decode_words(text.encode("utf-8"), hint)
    return clean_line(text, 200).strip(" '\"")


_ID: Final = re.compile(r"<([^<>]{1,2000})>")


def read_message_ids(raw: bytes) -> tuple[str, ...]:
    """Message ids with brackets, in order, each once; white space inside is folding, bare ids count too."""
    text = clean_line(raw.decode("latin-1"))
    ids = ["<" + re.sub(r"\s+", "", inside) + ">" for inside in _ID.findall(text)]
    if not ids:
        ids = [f"<{word.strip('<>,;')}>" for word in text.split() if "@" in word and len(word) > 3]
    return tuple(dict.fromkeys(one for one in ids if one != "<>"))


_NUMERIC: Final = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T,\s]+(?:(上午|下午|晚上|中午|凌晨)\s*)?"
    r"(\d{1,2})[:：点时](\d{1,2})分?(?:[:：](\d{1,2}))?)?\s*(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?"
)
_ZONE: Final = re.compile(r"([+-])(\d{2}):?(\d{2})")


def read_date(raw: bytes) -> datetime | None:
    """The moment in UTC; None when it cannot be made out. A time without zone counts as UTC."""
    text = clean_line(decode_words(raw))[:200]
    if not text:
        return None
    try:
        fields = parsedate_tz(text)
    except (ValueError, IndexError, TypeError, OverflowError):  # the standard library on hostile dates
        fields = None
    try:
        if fields is not None and fields[0] >= 1970:
            shift = timedelta(seconds=fields[9] or 0)
            return datetime(*fields[:6], tzinfo=UTC) - shift if abs(shift) < timedelta(days=1) else None
        numeric = _NUMERIC.search(text)
        if numeric:
            hour = int(numeric[5] or 0)
            if numeric[4] in {"下午", "晚上"} and hour < 12:
                hour += 12
            zone = _ZONE.fullmatch(numeric[8] or "")
            shift = timedelta()
            if zone:
                shift = timedelta(hours=int(zone[2]), minutes=int(zone[3])) * (-1 if zone[1] == "-" else 1)
            moment = datetime(
                int(numeric[1]), int(numeric[2]), int(numeric[3]), hour, int(numeric[6] or 0), int(numeric[7] or 0),
                tzinfo=timezone(shift),
            )  # fmt: skip
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return None

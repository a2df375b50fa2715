"""One form of a text for matching, with the way back: every character knows which of the original it came from.

Full-width and compatibility forms (NFKC), traditional characters, invisible marks, Markdown's **, white space inside
Chinese, line breaks that a page's width made, and digits that a scanner read as letters all disappear here, so that the grammars
beside this file need to know one form only. Characters that are broken beyond repair stay where they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

_INVISIBLE = frozenset(
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\ufe0e\ufe0f"
)
_LATIN = re.compile("[A-Za-z]")
_EMPHASIS = re.compile(r"(\*\*)(?=[^\s*])[^*\n]{0,200}[^\s*](\*\*)|(\*\*)[^\s*](\*\*)")
_MISREAD = re.compile(r"(?<![A-Za-z0-9])[0-9OolI]*[0-9][0-9OolI]*(?![A-Za-z0-9])")
_DIGITS = str.maketrans("OolI", "0011")
_ENDS = frozenset("。；;：:！？!?")
_ITEM = re.compile(
    r"\s*(?:[-*•·●○■◆▪➢]|[#>]|第\s*[0-9一二三四五六七八九十百零〇两]+\s*[章节節条條款]"
    r"|[(（]?\s*[0-9一二三四五六七八九十]{1,3}\s*[)）、．.]|[①-⑳ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ]|[0-9]+\s*(?:[.．]\s*[0-9]+)+)"
)


_RADICALS = dict(
    zip(
        "⺁⺅⺈⺉⺋⺍⺒⺓⺖⺗⺙⺛⺝⺟⺠⺡⺢⺣⺦⺨⺩⺪⺫⺬⺭⺮⺯⺱⺲⺷⺻⺼⺽⺾⻀⻁⻂⻃⻄⻅⻆⻉⻋⻌⻏⻐⻑⻓⻔⻖⻗⻘⻙⻚⻛⻜⻝⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰⻳",
        "厂亻刀刂卩小巳幺忄心攵旡月母民氵水灬丬犭王疋目示礻竹糹网网羊聿肉臼艹艹虎衤覀西见角贝车辶阝钅長长门阝雨青韦页风飞食饣马骨鬼鱼鸟卤麦黄黾齐齿龙龟",
        strict=True,
    )
)
_UNIFIED = str.maketrans(
    _RADICALS | {chr(c): unicodedata.normalize("NFKC", chr(c)) for c in range(0x2F00, 0x2FD6)}
)


def unify(text: str) -> str:
    """The text with ordinary characters where a PDF's fonts left radicals that only look like them (⽇ for 日)."""
    return text.translate(_UNIFIED)


@dataclass(frozen=True, slots=True)
class Normal:
    """A normalised text. `starts[i]` and `ends[i]` are the original offsets of its i-th character."""

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """The original span behind `text[start:end]`; the span must not be empty."""
        return self.starts[start], self.ends[end - 1]


@cache
def _simplified() -> dict[int, str]:
    table: dict[int, str] = {}
    for line in Path(__file__).with_name("traditional.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            table |= {ord(line[i]): line[i + 1] for i in range(0, len(line), 2)}
    return table


def simplify(text: str) -> str:
    """The text with traditional characters in their simplified form; its length stays the same."""
    return text.translate(_simplified())


def plain(text: str) -> str:
    """The text in the one form for matching, without the way back."""
    return normalise(text).text


def normalise(text: str, *, start: int = 0, end: int | None = None, wrapped: bool = False) -> Normal:
    """The part of a text from `start` to `end` in the one form for matching, with offsets into the whole text.

    A line's end stays as a line feed where a sentence or an item ends there; with `wrapped` (see `is_wrapped`) other
    ends are taken for the width of a page and go.
    """
    end = len(text) if end is None else end
    characters: list[str] = []
    origin: list[tuple[int, int]] = []
    simplified = _simplified()
    marks = {m.start(n) for m in _EMPHASIS.finditer(text, start, end) for n in (1, 2, 3, 4)}
    at = start
    while at < end:
        character = text[at]
        if at in marks:
            at += 2
            continue
        if character in "\r\n\v\f\u0085\u2028\u2029" or character.isspace():
            stop = at
            while stop < end and text[stop].isspace():
                stop += 1
            mark = _gap(text, at, stop, end, characters, wrapped=wrapped)
            if mark and characters and characters[-1] != "\n":
                characters.append(mark)
                origin.append((at, stop))
            at = stop
            continue
        if character not in _INVISIBLE and unicodedata.category(character) not in ("Cc", "Cs"):
            plain_form = unicodedata.normalize("NFKC", character).translate(simplified)
            if "①" <= character <= "⑳":  # an item, not a figure: ①3分钟 is no 13 minutes
                plain_form = f"({plain_form})"
            for form in plain_form:
                if not form.isspace():
                    characters.append(form)
                    origin.append((at, at + 1))
        at += 1
    while characters and characters[-1] in "\n ":
        characters.pop()
        origin.pop()
    found = _MISREAD.sub(lambda m: m.group().translate(_DIGITS), "".join(characters))
    return Normal(found, tuple(o[0] for o in origin), tuple(o[1] for o in origin))


def rejoined(text: str, start: int, end: int) -> str:
    """The original words from `start` to `end` without the line breaks that a page's width made."""
    normal = normalise(text, start=start, end=end, wrapped=True)
    pieces, reached = [], start
    for character, at, stop in zip(normal.text, normal.starts, normal.ends, strict=True):
        if at >= reached:
            pieces.append("\n" if character == "\n" else " " if character == " " else text[at:stop])
            reached = stop
    return "".join(pieces)


def _gap(text: str, at: int, stop: int, end: int, before: list[str], *, wrapped: bool) -> str:
    """What white space stands for: a line feed, a space between Latin words or between numbers that are not one, or
    nothing."""
    gap = text[at:stop]
    if any(c in "\r\n\v\f\u0085\u2028\u2029" for c in gap):
        last = before[-1] if before else ""
        hard = not wrapped or last in _ENDS or gap.count("\n") > 1 or bool(_ITEM.match(text, stop, end))
        if last == "." and not _ITEM.match(text, stop, end):
            hard = True
        if hard:
            return "\n"
    following = text[stop : stop + 1]
    if before and _LATIN.match(before[-1]) and _LATIN.match(following):
        return " "
    if before and before[-1].isdigit() and following.isdigit() and ("\t" in gap or _is_labelled(before)):
        return " "
    return ""


def _is_labelled(before: list[str]) -> bool:
    """True where the digits that end here belong to letters: after L1 a number begins anew."""
    at = len(before)
    while at and before[at - 1].isdigit():
        at -= 1
    return at > 0 and bool(_LATIN.match(before[at - 1]))


def is_wrapped(text: str) -> bool:
    """True where many lines end in the middle of a sentence: a page's width, or a scanner, broke them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    inner = [(line, after) for line, after in pairwise(lines) if not _ITEM.match(after)]
    broken = [
        line for line, _after in inner if len(line) >= 8 and line[-1] not in "。；;：:！？!?)）》」』.．"
    ]
    return len(broken) >= 3 and len(broken) * 4 > len(lines)

"""A reply, divided into what is new and what is quoted or signed, so that a page shows the new and folds the rest.

The folded part is always the end of the message: `visible + folded` is the message, character for character. What
stands between quotes (answers below each question) stays visible together with the questions. Where nothing new
would be left the whole message is visible.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from shounuo.channels.mail import phrases
from shounuo.channels.mail.html_lines import html_lines
from shounuo.channels.mail.lines import Line

_LINES_LIMIT: Final = 20_000
_ATTRIBUTION_LINES: Final = 6
_HEADER_LINES: Final = 9
_SIGNATURE_LINES: Final = 15
_CLOSING_LINES: Final = 7
_LINE_LIMIT: Final = 600
_RULE: Final = re.compile(r"^[\s*>|｜_=~\-—–─━]{3,}$|^$")
_ENDS_SENTENCE: Final = re.compile(r"(?<!\d)[.!?。！？…]\s*$")
_FENCE: Final = re.compile(r"^\s*(?:```|~~~)")
_ENDS_ATTRIBUTION: Final = ":：>-—rbeótvłaouяш道到"
_WRAPPED_AT: Final = 60
_OWN, _BLANK, _QUOTE, _SIGNATURE = range(4)


@dataclass(frozen=True, slots=True)
class SplitReply:
    """`visible + folded` is what was given."""

    visible: str
    folded: str


def split_text(text: str) -> SplitReply:
    """Divides a plain text reply. Line ends are \\n, as `parse` delivers them."""
    lines: list[Line] = []
    start = 0
    for raw in text.split("\n", _LINES_LIMIT)[:_LINES_LIMIT]:
        stripped = raw.replace("\xa0", " ").strip()
        quoted = stripped[:1] in {">", "＞"} and stripped not in {">:", "＞："}
        lines.append(Line(stripped[:_LINE_LIMIT], start, quoted))
        start += len(raw) + 1
    cut = _cut(lines)
    return _split(text, lines[cut].start if cut < len(lines) else len(text))


def split_html(html: str) -> SplitReply:
    """Divides an HTML reply; both parts are HTML fragments that stand alone once sanitised."""
    lines = html_lines(html, _LINES_LIMIT)
    cut = _cut(lines)
    return _split(html, lines[cut].start if cut < len(lines) else len(html))


def _split(source: str, position: int) -> SplitReply:
    if not source[position:].strip():
        position = len(source)
    return SplitReply(source[:position], source[position:])


def _cut(lines: list[Line]) -> int:
    """The index of the first line to fold; the number of lines when nothing is."""
    attributions = _attributions(lines)
    kinds = _kinds(lines, attributions)
    last = max((index for index, kind in enumerate(kinds) if kind == _OWN), default=-1)
    if last < 0:
        return len(lines)
    cut = last + 1
    while cut < len(lines) and not lines[cut].text and not lines[cut].hard:
        cut += 1
    return cut


def _kinds(lines: list[Line], attributions: dict[int, int]) -> list[int]:
    kinds = [_OWN if line.text else _BLANK for line in lines]
    fenced = False
    index = 0
    while index < len(lines):
        line = lines[index]
        if _FENCE.match(line.text):
            fenced = not fenced
        if line.hard or (not line.quoted and not fenced and _everything_below(lines, index)):
            # What a program put in front of the original: everything from here is quoted.
            return _closed(kinds, _rules_above(lines, index), len(lines))
        if line.quoted or _wrapped(lines, index):
            kinds[index] = _QUOTE if line.text else _BLANK
            index += 1
            continue
        if index in attributions:
            end = attributions[index]
            following = end
            while following < len(lines) and not lines[following].text:
                following += 1
            if following == len(lines) or not lines[following].quoted:
                return _closed(kinds, index, len(lines))
            kinds[index:end] = [_QUOTE] * (end - index)
            index = end
            continue
        if line.signature or (line.text and not fenced):
            end = _signature_end(lines, index, attributions)
            if end > index:
                kinds[index:end] = [_SIGNATURE] * (end - index)
                index = end
                continue
        index += 1
    return kinds


def _wrapped(lines: list[Line], index: int) -> bool:
    """The tail of a quoted line that was too long for its mark to be repeated."""
    text = lines[index].text
    return (
        0 < index < len(lines) - 1
        and lines[index - 1].quoted
        and len(lines[index - 1].text) >= _WRAPPED_AT
        and 0 < len(text) <= _WRAPPED_AT
        and text[0].islower()
        and (lines[index + 1].quoted or not lines[index + 1].text)
    )


def _closed(kinds: list[int], start: int, end: int) -> list[int]:
    kinds[start:end] = [_QUOTE] * (end - start)
    return kinds


def _everything_below(lines: list[Line], index: int) -> bool:
    text = lines[index].text
    if not text:
        return False
    if phrases.ORIGINAL.search(text):
        return True
    return _header_block(lines, index)


def _rules_above(lines: list[Line], index: int) -> int:
    while index > 0 and not lines[index - 1].quoted:
        above = lines[index - 1].text
        if not (_RULE.match(above) or phrases.ORIGINAL_ALONE.match(above)):
            break
        index -= 1
    return index


_FIELDS: Final = (phrases.WHO, phrases.WHEN, phrases.TO, phrases.ABOUT, phrases.COPY)


def _header_block(lines: list[Line], index: int) -> bool:
    """A quoted header: who, when, to whom, what about, at least three of them close together."""
    first = lines[index].text
    if phrases.CELL.match(first):
        cells = sum(1 for line in lines[index : index + _HEADER_LINES] if phrases.CELL.match(line.text))
        return cells >= 3
    if not (phrases.WHO.match(first) or phrases.WHEN.match(first)):
        return False
    found: set[int] = set()
    blanks = 0
    for line in lines[index : index + _HEADER_LINES]:
        if not line.text:
            blanks += 1
            if blanks > 3:
                break
            continue
        for number, field in enumerate(_FIELDS):
            if field.match(line.text):
                found.add(number)
                break
    for number, names in enumerate(
        (phrases.HEADER_WHO, phrases.HEADER_WHEN, phrases.HEADER_TO, phrases.HEADER_SUBJECT)
    ):
        # Some put the whole block on one line.
        if re.search(rf"(?<![\w]{{2}})(?:{names})\s?[:：]", first[10:], re.IGNORECASE):
            found.add(number)
    return len(found) >= 3 and bool(found & {0, 1})


def _attributions(lines: list[Line]) -> dict[int, int]:
    """Where lines like "On ... wrote:" begin, and the line after each; they may be wrapped."""
    found: dict[int, int] = {}
    for last, line in enumerate(lines):
        text = line.text
        if line.quoted or not text or text[-1] not in _ENDS_ATTRIBUTION or len(text) > 500:
            continue
        best = -1
        joined = ""
        for start in range(last, max(-1, last - _ATTRIBUTION_LINES), -1):
            piece = lines[start].text
            if not piece or lines[start].quoted or (start < last and _ENDS_SENTENCE.search(piece)):
                break
            joined = f"{piece} {joined}".strip()
            if len(joined) > 500:
                break
            if phrases.ATTRIBUTION.search(joined) and (
                start == last or phrases.ATTRIBUTION_START.match(piece)
            ):
                best = start
        if best < 0 and phrases.DATED.match(text) and last + 1 < len(lines) and lines[last + 1].quoted:
            best = last
        if best >= 0:
            found[best] = last + 1
    return found


def _signature_end(lines: list[Line], index: int, attributions: dict[int, int]) -> int:
    """Where the signature that starts at `index` ends; `index` itself when none does."""
    text = lines[index].text
    marked = lines[index].signature
    delimiter = phrases.SIGNATURE.search(text) and not (len(text) > 12 and phrases.NOT_SIGNATURE.search(text))
    closing = phrases.CLOSING.search(text)
    notice = phrases.CONFIDENTIAL.search(text)
    if not (marked or delimiter or closing or notice):
        return index
    end = index
    words = 0
    most = len(lines)
    if not marked and closing:
        most = _CLOSING_LINES
    elif not marked and delimiter and text[:1] in "-_—":
        most = _SIGNATURE_LINES
    while end < len(lines):
        line = lines[end]
        if line.quoted or line.hard or end in attributions or (end > index and _everything_below(lines, end)):
            break
        if marked and not line.signature and line.text:
            break
        words += bool(line.text)
        if words > most or (most == _CLOSING_LINES and len(line.text) > 80):
            return index  # too much to be a signature
        end += 1
    return end

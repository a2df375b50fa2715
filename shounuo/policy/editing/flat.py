"""What a form holds, as a flat mapping, and the tree for the reader that remembers which control each value came from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shounuo.kernel.text import whole
from shounuo.policy.reading.source import Src
from shounuo.policy.schema import Pack
from shounuo.policy.vocabulary import Vocabulary

Flat = dict[str, list[str]]
"""Name of a control -> what was typed or ticked in it: `escalate.0.at.n` -> ["80"]."""

Choices = list[tuple[str, str]]
_WHOLE = re.compile(r"-?[0-9]{1,18}")
_VALUE = re.compile(r'\s*"[^"\n]*"|[^,，、;；\n]+')
MOST_ROWS = 200


@dataclass(frozen=True)
class Context:
    """What a form's choices are drawn from. `subject`: the kind of thing that the rule is about as far as chosen;
    `calendars`, `facts` (the organisation's own, beside the known ones): code -> what it is called; `covers`: the
    requirement rows of the clause."""

    vocabulary: Vocabulary
    pack: Pack
    subject: str = ""
    calendars: Choices = field(default_factory=list)
    facts: Choices = field(default_factory=list)
    covers: tuple[str, ...] = ()
    rule: str = ""


@dataclass
class Sheet:
    """A form being read: what was typed, which control each place of the tree is, and what is wrong by control."""

    flat: Flat
    context: Context
    places: list[str] = field(default_factory=list)
    faults: dict[str, list[str]] = field(default_factory=dict)

    def place(self, at: str) -> int:
        self.places.append(at)
        return len(self.places)

    def leaf(self, text: str, at: str) -> Src:
        """A value as YAML would read it: words, whole numbers, true and false; "in quotes" it stays text."""
        value, raw = scalar(text)
        place = self.place(at)
        return Src(value, place, raw, place)

    def many(self, texts: Iterable[str], at: str) -> Src | None:
        """A list of values; None for an empty one."""
        items = [self.leaf(t, at) for t in texts]
        place = self.place(at)
        return Src(items, place, "", place) if items else None

    def map(self, values: dict[str, Src], at: str) -> Src:
        place = self.place(at)
        return Src(values, place, "", place)

    def wrong(self, at: str, text: Any) -> None:
        said = self.faults.setdefault(at, [])
        if str(text) not in said:
            said.append(str(text))

    def text(self, at: str) -> str:
        """What was typed in one control, without blanks around it; "" when nothing was."""
        typed = self.flat.get(at, [])
        return typed[0].replace("\r\n", "\n").strip() if typed else ""


def scalar(text: str) -> tuple[str | int | bool, str]:
    """A typed value and its text: `true`, `12` and `"12"` are a truth, a number and a word."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return text[1:-1], text[1:-1]
    if text in ("true", "false"):
        return text == "true", text
    return (int(text), text) if _WHOLE.fullmatch(text) else (text, text)


def scalar_text(value: Any) -> str:
    """The other way: text that `scalar` reads as this value."""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if not isinstance(value, str):
        return text
    plain = type(scalar(text)[0]) is str and scalar(text)[0] == text and split(text) == [text]
    return text if plain else f'"{text}"'


def rows(flat: Flat, at: str) -> list[int]:
    """The numbers of the rows under a control, in order; those of more than MOST_ROWS rows are left out."""
    start = f"{at}."
    found = {
        row
        for name in flat
        if name.startswith(start) and (row := whole(name[len(start) :].partition(".")[0], 99_999)) is not None
    }
    return sorted(found)[:MOST_ROWS]


def under(flat: Flat, at: str) -> Flat:
    """What stands at a control and below it."""
    return {k: v for k, v in flat.items() if k == at or k.startswith(f"{at}.")}


def blank(flat: Flat, at: str) -> bool:
    """True when nothing is typed at a control or below it, besides units, which always stand there."""
    return not any(
        v.strip() for k, vs in under(flat, at).items() if not k.endswith((".u", ".op")) for v in vs
    )


def renumbered(flat: Flat, at: str, order: Sequence[int]) -> Flat:
    """The same form with the rows under a control in this order (numbers of rows; others go)."""
    found = {k: v for k, v in flat.items() if not k.startswith(f"{at}.")}
    for new, old in enumerate(order):
        start = f"{at}.{old}"
        for key, value in under(flat, start).items():
            found[f"{at}.{new}{key[len(start) :]}"] = value
    return found


def plainly(text: str) -> str:
    """Digits as people type them, full-width or with separators, as plain ones."""
    return unicodedata.normalize("NFKC", text).replace(",", "").replace(" ", "").strip()


def split(text: str) -> list[str]:
    """Values typed after one another, parted by commas or lines, which a value "in quotes" may hold; each once."""
    found = [p.strip() for p in _VALUE.findall(text)]
    return list(dict.fromkeys(p for p in found if p))

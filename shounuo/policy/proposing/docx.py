"""The lines of a Word file, with the numbers that Word itself would print before them.

A regulation's 第三条 or （一） is often not in the text at all: Word counts it. So numbering and styles are read too, which
the common libraries leave out. A note at the foot or at the end stands in brackets where it is referred to. Nothing is unpacked to the disk, document types and entities are refused, and the
unpacked size is bounded whatever the archive says of itself.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from shounuo.kernel.text import whole

MAX_UNPACKED = 40 * 1024 * 1024
MAX_LINES = 50_000
_WORD = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)
_GONE = ("del", "moveFrom", "other:Fallback")
_NOTES = ("footnote", "endnote")
_HAN = "零一二三四五六七八九"


class Broken(Exception):
    """A file that cannot be read; `code`: not_word, too_large, encrypted, damaged."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph or a table's row. `level`: of the outline from 1, 0 for running text."""

    text: str
    level: int = 0


@dataclass(slots=True)
class _Style:
    based_on: str = ""
    level: int | None = None
    number: str = ""
    depth: int | None = None


@dataclass(slots=True)
class _Depth:
    form: str = "decimal"
    text: str = ""
    start: int = 1


@dataclass(slots=True)
class _Paragraph:
    style: str = ""
    level: int | None = None
    number: str = ""
    depth: int | None = None
    text: list[str] = field(default_factory=list)


def read(data: bytes) -> list[Line]:
    """The lines of a .docx file, empty ones left out. Raises Broken."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = set(archive.namelist())
            if "EncryptedPackage" in names:
                raise Broken("encrypted")
            if "word/document.xml" not in names:
                raise Broken("not_word")
            budget = [MAX_UNPACKED]
            styles = _Styles().read(_part(archive, "word/styles.xml", names, budget))
            numbers = _Numbers().read(_part(archive, "word/numbering.xml", names, budget))
            notes = {
                kind: _Notes().read(_part(archive, f"word/{kind}s.xml", names, budget)) for kind in _NOTES
            }
            return _Body(styles, numbers, notes).read(_part(archive, "word/document.xml", names, budget))
    except (
        zipfile.BadZipFile,
        expat.ExpatError,
        KeyError,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as error:
        raise Broken("damaged") from error
    except RuntimeError as error:  # a password
        raise Broken("encrypted") from error


def _part(archive: zipfile.ZipFile, name: str, names: set[str], budget: list[int]) -> bytes:
    """A member of the archive, b"" where there is none; what it unpacks to counts against the budget of all."""
    if name not in names:
        return b""
    with archive.open(name) as member:
        content = member.read(budget[0] + 1)
    budget[0] -= len(content)
    if budget[0] < 0:
        raise Broken("too_large")
    return content


class _Reader:
    """Walks one XML part, calling `start` and `end` with the local names of Word's elements."""

    def read(self, content: bytes) -> Any:
        if content:
            parser = expat.ParserCreate(namespace_separator=" ")
            parser.StartElementHandler = self._start
            parser.EndElementHandler = self._end
            parser.CharacterDataHandler = self.characters
            parser.StartDoctypeDeclHandler = self._doctype
            parser.buffer_text = True
            parser.Parse(content, True)
        return self.result()

    def _doctype(self, *_args: object) -> None:
        raise Broken("damaged")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _space, local = name.rpartition(" ")
        values = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        self.start(local if space in _WORD else f"other:{local}", values)

    def _end(self, name: str) -> None:
        space, _space, local = name.rpartition(" ")
        self.end(local if space in _WORD else f"other:{local}")

    def start(self, name: str, values: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def characters(self, text: str) -> None: ...
    def result(self) -> object: ...


class _Styles(_Reader):
    def __init__(self) -> None:
        self.styles: dict[str, _Style] = {}
        self.current: _Style | None = None

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "style":
            self.current = self.styles[values.get("styleId", "")] = _Style()
        elif self.current is None:
            return
        elif name == "basedOn":
            self.current.based_on = values.get("val", "")
        elif name == "outlineLvl":
            self.current.level = _whole(values)
        elif name == "numId":
            self.current.number = values.get("val", "")
        elif name == "ilvl":
            self.current.depth = _whole(values)

    def end(self, name: str) -> None:
        if name == "style":
            self.current = None

    def result(self) -> dict[str, _Style]:
        return {name: self._whole_of(name) for name in self.styles}

    def _whole_of(self, name: str) -> _Style:
        """The style with what it takes over from those it is based on."""
        found, seen = _Style(), set()
        while name in self.styles and name not in seen:
            seen.add(name)
            style = self.styles[name]
            found.level = style.level if found.level is None else found.level
            found.depth = style.depth if found.depth is None else found.depth
            found.number = found.number or style.number
            name = style.based_on
        return found


class _Numbers(_Reader):
    """`numbers`: number id -> (list, its depths)."""

    def __init__(self) -> None:
        self.lists: dict[str, dict[int, _Depth]] = {}
        self.of: dict[str, str] = {}
        self.list = self.number = ""
        self.depth: _Depth | None = None

    def start(self, name: str, values: dict[str, str]) -> None:
        if name == "abstractNum":
            self.list = values.get("abstractNumId", "")
            self.lists[self.list] = {}
        elif name == "lvl" and self.list:
            self.depth = self.lists[self.list][_whole(values, "ilvl") or 0] = _Depth()
        elif name == "num":
            self.number = values.get("numId", "")
        elif name == "abstractNumId" and self.number:
            self.of[self.number] = values.get("val", "")
        elif self.depth is not None:
            if name == "numFmt":
                self.depth.form = values.get("val", "decimal")
            elif name == "lvlText":
                self.depth.text = values.get("val", "")
            elif name == "start":
                start = _whole(values)
                self.depth.start = 1 if start is None else start

    def end(self, name: str) -> None:
        if name == "abstractNum":
            self.list = ""
        elif name == "lvl":
            self.depth = None
        elif name == "num":
            self.number = ""

    def result(self) -> dict[str, tuple[str, dict[int, _Depth]]]:
        return {number: (name, self.lists.get(name, {})) for number, name in self.of.items()}


class _Notes(_Reader):
    """Footnotes or endnotes: id -> text."""

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.note: list[str] | None = None
        self.in_text = self.skipped = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        if name in _NOTES:
            self.note = self.texts[values.get("id", "")] = []
        elif name in _GONE:
            self.skipped += 1
        elif name == "t":
            self.in_text += 1

    def characters(self, text: str) -> None:
        if self.in_text and self.note is not None and not self.skipped:
            self.note.append(text)

    def end(self, name: str) -> None:
        if name in _NOTES:
            self.note = None
        elif name in _GONE:
            self.skipped -= 1
        elif name == "t":
            self.in_text -= 1

    def result(self) -> dict[str, str]:
        return {id: text for id, parts in self.texts.items() if (text := "".join(parts).strip())}


class _Body(_Reader):
    def __init__(
        self,
        styles: dict[str, _Style],
        numbers: dict[str, tuple[str, dict[int, _Depth]]],
        notes: dict[str, dict[str, str]],
    ) -> None:
        self.styles = styles
        self.numbers = numbers
        self.notes = notes
        self.counts: dict[str, dict[int, int]] = {}
        self.lines: list[Line] = []
        self.open: list[_Paragraph] = []
        self.row: list[list[str]] = []
        self.in_text = self.skipped = 0

    def start(self, name: str, values: dict[str, str]) -> None:
        if name in _GONE:
            self.skipped += 1
        elif name == "p":
            self.open.append(_Paragraph())
        elif name == "tr":
            self.row.append([])
        elif self.open and not self.skipped:
            self._inside(name, values, self.open[-1])

    def _inside(self, name: str, values: dict[str, str], paragraph: _Paragraph) -> None:
        if name == "t":
            self.in_text += 1
        elif name in ("tab", "ptab") and "pos" not in values:
            paragraph.text.append("\t")
        elif name in ("br", "cr"):
            paragraph.text.append("\n")
        elif name == "noBreakHyphen":
            paragraph.text.append("-")
        elif name.endswith("Reference") and (kind := name.removesuffix("Reference")) in self.notes:
            if note := self.notes[kind].get(values.get("id", "")):
                paragraph.text.append(f"（{note}）")
        elif name == "pStyle":
            paragraph.style = values.get("val", "")
        elif name == "outlineLvl":
            paragraph.level = _whole(values)
        elif name == "numId":
            paragraph.number = values.get("val", "")
        elif name == "ilvl":
            paragraph.depth = _whole(values)

    def characters(self, text: str) -> None:
        if self.in_text and self.open and not self.skipped:
            self.open[-1].text.append(text)

    def end(self, name: str) -> None:
        if name in _GONE:
            self.skipped -= 1
        elif name == "t" and self.in_text and not self.skipped:
            self.in_text -= 1
        elif name == "p" and self.open:
            self._close(self.open.pop())
        elif name == "tr" and self.row:
            self._put("\t".join(self.row.pop()), 0)

    def _close(self, paragraph: _Paragraph) -> None:
        text = "".join(paragraph.text).strip()
        if not text:
            return
        style = self.styles.get(paragraph.style, _Style())
        number = paragraph.number or style.number
        depth = paragraph.depth if paragraph.depth is not None else style.depth or 0
        if number and number != "0":
            text = self._label(number, depth) + text
        level = paragraph.level if paragraph.level is not None else style.level
        self._put(text, level + 1 if level is not None and level < 9 else 0)

    def _put(self, text: str, level: int) -> None:
        if self.row:
            self.row[-1].append(text)
        elif text.strip():
            if len(self.lines) >= MAX_LINES:
                raise Broken("too_large")
            self.lines.append(Line(text, level))

    def _label(self, number: str, depth: int) -> str:
        """What Word prints before the paragraph: 第三条, (二), 1.2."""
        name, depths = self.numbers.get(number, ("", {}))
        if depth not in depths:
            return ""
        counts = self.counts.setdefault(name, {})
        counts[depth] = counts[depth] + 1 if depth in counts else depths[depth].start
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        label = depths[depth].text
        if depths[depth].form == "bullet":
            return "• "
        for at in range(depth + 1):
            form = depths.get(at, _Depth())
            label = label.replace(f"%{at + 1}", _written(counts.get(at, form.start), form.form))
        return f"{label} " if label else ""

    def result(self) -> list[Line]:
        return self.lines


def _whole(values: dict[str, str], key: str = "val") -> int | None:
    return whole(values.get(key), 99_999)


def _han(value: int) -> str:
    """一 to 九百九十九; larger numbers in digits."""
    if value >= 1000:
        return str(value)
    hundreds, rest = divmod(value, 100)
    tens, ones = divmod(rest, 10)
    text = f"{_HAN[hundreds]}百" if hundreds else ""
    if tens:
        text += "十" if tens == 1 and not hundreds else f"{_HAN[tens]}十"
    elif hundreds and ones:
        text += "零"
    return text + (_HAN[ones] if ones else "") or "零"


def _roman(value: int) -> str:
    text = ""
    for size, sign in ((10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")):
        while value >= size:
            text, value = text + sign, value - size
    return text


_FORMS: dict[str, Callable[[int], str]] = {
    **dict.fromkeys(
        (
            "chineseCounting",
            "chineseCountingThousand",
            "taiwaneseCounting",
            "taiwaneseCountingThousand",
            "japaneseCounting",
            "ideographDigital",
            "taiwaneseDigital",
        ),
        _han,
    ),
    "upperRoman": _roman,
    "lowerRoman": lambda value: _roman(value).lower(),
    "upperLetter": lambda value: chr(64 + value) if value <= 26 else str(value),
    "lowerLetter": lambda value: chr(96 + value) if value <= 26 else str(value),
    "none": lambda _value: "",
}


def _written(value: int, form: str) -> str:
    return _FORMS.get(form, str)(value)

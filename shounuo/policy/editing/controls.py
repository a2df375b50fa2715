"""The controls of a rule's form. Each fills itself from plain data of a pack, reads what was typed into the reader's
tree, and says how it is drawn; reading what was filled gives the same data again."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shounuo.kernel.durations import BadDuration, Span
from shounuo.kernel.text import whole
from shounuo.policy.editing.flat import (
    Choices,
    Context,
    Flat,
    Sheet,
    plainly,
    split,
)
from shounuo.policy.reading.source import Src

Options = Callable[[Context], Choices]
Drawn = dict[str, Any]
ANY = gettext_lazy("不限")


@dataclass(frozen=True, kw_only=True)
class Control(ABC):
    """`name` is the key of the pack, `label` the question, `help` a line below; `more`: stands among the rarer ones."""

    look: ClassVar[str]
    name: str
    label: Any = ""
    help: Any = ""
    required: bool = False
    more: bool = False
    wide: bool = False

    @abstractmethod
    def fill(self, value: Any, at: str, context: Context) -> Flat:
        """What the form holds for a value of a pack."""

    @abstractmethod
    def read(self, sheet: Sheet, at: str) -> Src | None:
        """The value that was typed, None for nothing; what cannot be understood at all goes to the sheet's faults."""

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        """All that the template needs."""
        return {
            "look": self.look,
            "at": at,
            "id": "f-" + at.replace(".", "-"),
            "label": self.label,
            "help": self.help,
            "required": self.required,
            "wide": self.wide,
            "faults": sheet.faults.get(at, []),
        }


@dataclass(frozen=True, kw_only=True)
class Text(Control):
    """One line of text, or several with `long`; `suggest` proposes what may stand there."""

    look = "text"
    long: bool = False
    suggest: Options | None = None
    wide: bool = True

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        return {at: [str(value)]} if value not in (None, "") else {}

    def read(self, sheet: Sheet, at: str) -> Src | None:
        text = sheet.text(at)
        place = sheet.place(at)
        return Src(text, place, text, place) if text else None

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        found = super().draw(sheet, at) | {"value": sheet.text(at), "long": self.long}
        if self.suggest is not None:
            options = self.suggest(sheet.context)
            said = dict(options).get(found["value"], "")
            found |= {"suggest": options, "said": said if said != found["value"] else ""}
        return found


@dataclass(frozen=True, kw_only=True)
class Whole(Control):
    """A whole number."""

    look = "number"

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        return {} if value is None else {at: [str(value)]}

    def read(self, sheet: Sheet, at: str) -> Src | None:
        text = plainly(sheet.text(at))
        return sheet.leaf(text, at) if text else None

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        return super().draw(sheet, at) | {"value": sheet.text(at)}


@dataclass(frozen=True, kw_only=True)
class Flag(Control):
    """Yes or nothing."""

    look = "flag"

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        return {at: ["1"]} if value else {}

    def read(self, sheet: Sheet, at: str) -> Src | None:
        return sheet.leaf("true", at) if sheet.text(at) else None

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        return super().draw(sheet, at) | {"on": bool(sheet.text(at))}


@dataclass(frozen=True, kw_only=True)
class Choice(Control):
    """One of some; what the pack says stays there although it is not among them. `redraws`: other choices hang on it.
    `inside` wraps the value: {due_of: ...}."""

    look = "choice"
    options: Options
    none: Any = ANY
    redraws: bool = False
    inside: str = ""

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        if self.inside and isinstance(value, Mapping):
            value = value.get(self.inside)
        return {at: [str(value)]} if value not in (None, "") else {}

    def read(self, sheet: Sheet, at: str) -> Src | None:
        text = sheet.text(at)
        if not text:
            return None
        leaf = sheet.leaf(text, at)
        return sheet.map({self.inside: leaf}, at) if self.inside else leaf

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        value = sheet.text(at)
        options = self.options(sheet.context)
        if value and value not in dict(options):
            options = [*options, (value, value)]
        none = _("请选择") if self.required else self.none
        return super().draw(sheet, at) | {
            "value": value, "options": options, "none": none, "redraws": self.redraws,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Many(Control):
    """Any of some, ticked."""

    look = "many"
    options: Options
    wide: bool = True

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        values = value if isinstance(value, list) else [] if value is None else [value]
        return {at: [str(v) for v in values]} if values else {}

    def read(self, sheet: Sheet, at: str) -> Src | None:
        return sheet.many((t for t in sheet.flat.get(at, []) if t), at)

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        values = [v for v in sheet.flat.get(at, []) if v]
        options = self.options(sheet.context)
        options = [*options, *((v, v) for v in values if v not in dict(options))]
        said = dict(options)
        return super().draw(sheet, at) | {
            "values": values,
            "options": options,
            "chosen": _("、").join(said[v] for v in values),
            "folded": len(options) > 8,
        }


@dataclass(frozen=True, kw_only=True)
class Codes(Control):
    """Several codes on one line; what each is called stands below."""

    look = "text"
    suggest: Options | None = None
    wide: bool = True

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        values = value if isinstance(value, list) else [] if value is None else [value]
        return {at: [", ".join(str(v) for v in values)]} if values else {}

    def read(self, sheet: Sheet, at: str) -> Src | None:
        return sheet.many(split(sheet.text(at).replace(" ", ",")), at)

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        called = dict(self.suggest(sheet.context)) if self.suggest else {}
        value = sheet.text(at)
        said = [called.get(c, c) for c in split(value.replace(" ", ","))]
        return super().draw(sheet, at) | {"value": value, "long": False, "said": _("、").join(said)}


TIMES: tuple[tuple[str, Any], ...] = (
    ("PT#M", pgettext_lazy("unit", "分钟")),
    ("PT#H", pgettext_lazy("unit", "小时")),
    ("P#D", pgettext_lazy("unit", "天")),
    ("P#BD", pgettext_lazy("unit", "工作日")),
    ("PT#BH", pgettext_lazy("unit", "工作小时")),
    ("PT#BM", pgettext_lazy("unit", "工作分钟")),
    ("P#M", pgettext_lazy("unit", "个月")),
    ("P#Y", pgettext_lazy("unit", "年")),
    ("PT#S", pgettext_lazy("unit", "秒")),
)
PERCENT = ("#%", gettext_lazy("%"))
NUMBER = ("#", pgettext_lazy("unit", "（数）"))
YUAN = ("# CNY", pgettext_lazy("unit", "元"))
NOT_SET = ("unset", gettext_lazy("未定"))
AS_WRITTEN = ("as", gettext_lazy("其他写法"))
_PARTS = {"seconds": ("PT#H", "PT#M", "PT#S"), "business_seconds": ("PT#BH", "PT#BM")}
_SIZES = {"PT#H": 3600, "PT#M": 60, "PT#S": 1, "PT#BH": 3600, "PT#BM": 60}
_MONEY = re.compile(r"([0-9]+(?:\.[0-9]{2})?)(?: CNY)?")


@dataclass(frozen=True, kw_only=True)
class Amount(Control):
    """A number with its unit: a time, a share, a sum. `unset`: it may be left for the organisation to set. What no one
    number with a unit can say (one day and two hours) stands as written."""

    look = "amount"
    units: tuple[tuple[str, Any], ...] = TIMES
    unset: bool = False

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        if value is None:
            return {}
        number, unit = self._parted(str(value))
        return {f"{at}.n": [number], f"{at}.u": [unit]}

    def _parted(self, text: str) -> tuple[str, str]:
        codes = [c for c, _label in self.units]
        if text == "unset":
            return "", "unset"
        if text.endswith("%") and "#%" in codes:
            return text[:-1], "#%"
        if "# CNY" in codes and (money := _MONEY.fullmatch(text)):
            return money[1], "# CNY"
        if text.startswith("P") and (found := _as_unit(text)) and found[1] in codes:
            return found
        if "#" in codes and re.fullmatch(r"-?[0-9.]+", text):
            return text, "#"
        return text, "as"

    def read(self, sheet: Sheet, at: str) -> Src | None:
        number, unit = plainly(sheet.text(f"{at}.n")), sheet.text(f"{at}.u")
        if unit == "unset":
            if not number:
                return sheet.leaf("unset", at)
            sheet.wrong(at, _("选了“未定”就不写数值"))
            return None
        if not number:
            return None
        if unit == "as":
            typed = sheet.text(f"{at}.n")
            return Src(typed, place := sheet.place(at), typed, place)
        if unit not in dict(self.units):
            unit = self.units[0][0]
        if unit.startswith("P"):
            amount = whole(number)
            if not amount:
                sheet.wrong(at, _("“%(value)s”应为大于零的整数") % {"value": sheet.text(f"{at}.n")})
                return None
            number = str(amount)
        return sheet.leaf(unit.replace("#", number), at)

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        unit = sheet.text(f"{at}.u") or self.units[0][0]
        units = [*self.units, *([NOT_SET] if self.unset else [])]
        if unit == "as":
            units.append(AS_WRITTEN)
        return super().draw(sheet, at) | {"n": sheet.text(f"{at}.n"), "u": unit, "units": units}


def _as_unit(text: str) -> tuple[str, str] | None:
    """A time as one number with one unit: PT90M are 90 minutes, P1DT2H are neither."""
    try:
        span = Span.parse(text)
    except BadDuration:
        return None
    used = [p for p in ("months", "days", "seconds", "business_days", "business_seconds") if getattr(span, p)]
    if len(used) != 1:
        return None
    n = int(getattr(span, used[0]))
    if used[0] == "months":
        return (str(n // 12), "P#Y") if n % 12 == 0 else (str(n), "P#M")
    if used[0] in ("days", "business_days"):
        return str(n), "P#D" if used[0] == "days" else "P#BD"
    unit = next((u for u in _PARTS[used[0]] if n % _SIZES[u] == 0), None)
    return (str(n // _SIZES[unit]), unit) if unit else None

"""Controls made of controls: groups, rows, tables, conditions, events."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shounuo.policy.editing.controls import Choice, Control, Drawn, Many, Text
from shounuo.policy.editing.flat import (
    Choices,
    Context,
    Flat,
    Sheet,
    blank,
    plainly,
    rows,
    scalar_text,
    split,
)
from shounuo.policy.reading.source import Src

ADD_ROW = gettext_lazy("加一行")
ADD_CONDITION = gettext_lazy("加一个条件")


@dataclass(frozen=True, kw_only=True)
class Group(Control):
    """Some controls under one key."""

    look = "group"
    fields: tuple[Control, ...]
    wide: bool = True

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        found: Flat = {}
        for control in self.fields:
            if isinstance(value, Mapping) and control.name in value:
                found |= control.fill(value[control.name], f"{at}.{control.name}", context)
        return found

    def read(self, sheet: Sheet, at: str) -> Src | None:
        values = {c.name: s for c in self.fields if (s := c.read(sheet, f"{at}.{c.name}")) is not None}
        return sheet.map(values, at) if values else None

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        return super().draw(sheet, at) | {"fields": [c.draw(sheet, f"{at}.{c.name}") for c in self.fields]}


@dataclass(frozen=True, kw_only=True)
class Rows(Control):
    """Any number of one control below one another. Of one row the value itself may stand in the pack."""

    look = "rows"
    row: Control
    add: Any = ADD_ROW
    moves: bool = False
    least: int = 0
    wide: bool = True

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        values = value if isinstance(value, list) else [] if value is None else [value]
        found: Flat = {}
        for n, one in enumerate(values):
            found |= self.row.fill(one, f"{at}.{n}", context)
        return found

    def read(self, sheet: Sheet, at: str) -> Src | None:
        items = []
        for n in rows(sheet.flat, at):
            item = self.row.read(sheet, f"{at}.{n}")
            if item is not None:
                items.append(item)
        place = sheet.place(at)
        return Src(items, place, "", place) if items else None

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        numbers = rows(sheet.flat, at)
        numbers += range(
            max(numbers, default=-1) + 1, max(numbers, default=-1) + 1 + self.least - len(numbers)
        )
        drawn = [self.row.draw(sheet, f"{at}.{n}") | {"n": n} for n in numbers]
        return super().draw(sheet, at) | {"rows": drawn, "add": self.add, "moves": self.moves}


@dataclass(frozen=True, kw_only=True)
class Table(Rows):
    """Rows of two controls that make a mapping: code -> value. `total`: the shares are added up below."""

    look = "rows"
    row: Control = field(default_factory=lambda: Text(name=""))
    key: Control = field(default_factory=lambda: Text(name=""))
    total: bool = False

    def _pair(self) -> tuple[Control, Control]:
        return replace(self.key, name="key"), replace(self.row, name="value")

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        key, one = self._pair()
        found: Flat = {}
        for n, (code, item) in enumerate(value.items() if isinstance(value, Mapping) else ()):
            found |= key.fill(code, f"{at}.{n}.key", context) | one.fill(item, f"{at}.{n}.value", context)
        return found

    def read(self, sheet: Sheet, at: str) -> Src | None:
        key, one = self._pair()
        found: dict[str, Src] = {}
        for n in rows(sheet.flat, at):
            if blank(sheet.flat, f"{at}.{n}") and sheet.text(f"{at}.{n}.value.u") != "unset":
                continue
            code, item = key.read(sheet, f"{at}.{n}.key"), one.read(sheet, f"{at}.{n}.value")
            if code is None:
                sheet.wrong(f"{at}.{n}.key", _("这一行没有写名称"))
            elif code.raw in found:
                sheet.wrong(f"{at}.{n}.key", _("“%(value)s”写了两次") % {"value": code.raw})
            elif item is None:
                sheet.wrong(f"{at}.{n}.value", _("这一行没有写数值"))
            else:
                found[code.raw] = item
        return sheet.map(found, at) if found else None

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        key, one = self._pair()
        pair = Group(name="", fields=(key, one))
        rows_of_pairs = Rows(
            name=self.name, label=self.label, help=self.help, required=self.required,
            row=pair, add=self.add, least=self.least,
        )  # fmt: skip
        result = rows_of_pairs.draw(sheet, at)
        if self.total:
            result["total"] = self._sum(sheet, at)
        return result

    def _sum(self, sheet: Sheet, at: str) -> str:
        total = 0.0
        for n in rows(sheet.flat, at):
            typed = plainly(sheet.text(f"{at}.{n}.value.n"))
            if sheet.text(f"{at}.{n}.value.u") != "unset" and re.fullmatch(r"[0-9]+(\.[0-9]+)?", typed):
                total += float(typed)
        return f"{total:.2f}".rstrip("0").rstrip(".")


Names = Callable[[Context, Sheet, str], Choices]
Closed = Callable[[Context, Sheet, str, str], Choices | None]


@dataclass(frozen=True, kw_only=True)
class Conditions(Control):
    """Rows of a name, is or is not, and its values: ticked where they are a closed list, typed where not.

    `names` and `closed` are asked with the place of the rows; `negates`: "is not" can be said.
    """

    look = "conditions"
    names: Names
    closed: Closed
    negates: bool = False
    add: Any = ADD_CONDITION
    wide: bool = True
    skip: tuple[str, ...] = ()

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        found: Flat = {}
        items = value.items() if isinstance(value, Mapping) else ()
        for n, (name, told) in enumerate((k, v) for k, v in items if k not in self.skip):
            negated = isinstance(told, Mapping)
            values = told["not"] if negated else told
            texts = [scalar_text(v) for v in (values if isinstance(values, list) else [values])]
            found[f"{at}.{n}.name"] = [str(name)]
            found[f"{at}.{n}.op"] = ["not" if negated else "is"]
            found[f"{at}.{n}.values"] = texts
        return found

    def read(self, sheet: Sheet, at: str) -> Src | None:
        found: dict[str, Src] = {}
        for n in rows(sheet.flat, at):
            row = f"{at}.{n}"
            name, texts = sheet.text(f"{row}.name"), self._values(sheet, row)
            if not name:
                if texts:
                    sheet.wrong(f"{row}.name", _("这一行没有选条件"))
                continue
            if not texts:
                sheet.wrong(f"{row}.values", _("请给“%(name)s”选一个值或写一个值") % {"name": name})
            elif name in found:
                sheet.wrong(f"{row}.name", _("“%(value)s”写了两次") % {"value": name})
            else:
                values = sheet.many(texts, f"{row}.values")
                assert values is not None
                negated = self.negates and sheet.text(f"{row}.op") == "not"
                found[name] = sheet.map({"not": values}, row) if negated else values
        return sheet.map(found, at) if found else None

    def _values(self, sheet: Sheet, row: str) -> list[str]:
        return split("\n".join(v for v in sheet.flat.get(f"{row}.values", []) if v.strip()))

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        names = self.names(sheet.context, sheet, at)
        drawn = []
        for n in rows(sheet.flat, at):
            row = f"{at}.{n}"
            name, values = sheet.text(f"{row}.name"), self._values(sheet, row)
            options = self.closed(sheet.context, sheet, at, name) if name else None
            if options is not None:  # what was ticked for the name that stood here before goes
                values = [v for v in values if v in dict(options)]
            drawn.append(
                {
                    "at": row,
                    "n": n,
                    "id": "f-" + row.replace(".", "-"),
                    "name": name,
                    "names": names if not name or name in dict(names) else [*names, (name, name)],
                    "negated": sheet.text(f"{row}.op") == "not",
                    "values": values,
                    "text": ", ".join(values),
                    "options": options,
                    "faults": [
                        f for key in (row, f"{row}.name", f"{row}.values") for f in sheet.faults.get(key, [])
                    ],
                }
            )
        return super().draw(sheet, at) | {"rows": drawn, "add": self.add, "negates": self.negates}


@dataclass(frozen=True, kw_only=True)
class EventRow(Control):
    """An event that counts, and behind a fold what it must carry and who must have done it."""

    look = "event"
    event: Choice
    where: Conditions
    has: Many
    by: Many

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        if not isinstance(value, Mapping):
            return {f"{at}.event": [str(value)]}
        found: Flat = {f"{at}.event": [str(value["event"])]}
        found |= self.where.fill(value, f"{at}.where", context)
        found |= self.has.fill(value.get("has"), f"{at}.has", context)
        return found | self.by.fill(value.get("by"), f"{at}.by", context)

    def read(self, sheet: Sheet, at: str) -> Src | None:
        kind = self.event.read(sheet, f"{at}.event")
        where, has = self.where.read(sheet, f"{at}.where"), self.has.read(sheet, f"{at}.has")
        by = self.by.read(sheet, f"{at}.by")
        if kind is None:
            if where is not None or has is not None or by is not None:
                sheet.wrong(f"{at}.event", _("请选一个事件"))
            return None
        if where is None and has is None and by is None:
            return kind
        values = {"event": kind, **(where.value if where is not None else {})}
        values |= {"has": has} if has is not None else {}
        return sheet.map(values | ({"by": by} if by is not None else {}), at)

    def draw(self, sheet: Sheet, at: str) -> Drawn:
        parts = {
            "event": self.event.draw(sheet, f"{at}.event"),
            "where": self.where.draw(sheet, f"{at}.where"),
            "has": self.has_of(sheet, at).draw(sheet, f"{at}.has"),
            "by": self.by.draw(sheet, f"{at}.by"),
        }
        count = len(parts["where"]["rows"]) + len(parts["has"]["values"]) + len(parts["by"]["values"])
        return super().draw(sheet, at) | parts | {"narrowed": count}

    def has_of(self, sheet: Sheet, at: str) -> Many:
        """The fields that the chosen event may carry."""
        options = self.where.names(sheet.context, sheet, f"{at}.where")
        return replace(self.has, options=lambda _context: options)


@dataclass(frozen=True, kw_only=True)
class Ways(Table):
    """Where a step goes on: one row without an outcome for the only way, else a row for each outcome."""

    def fill(self, value: Any, at: str, context: Context) -> Flat:
        return {f"{at}.0.value": [value]} if isinstance(value, str) else super().fill(value, at, context)

    def read(self, sheet: Sheet, at: str) -> Src | None:
        typed = [n for n in rows(sheet.flat, at) if not blank(sheet.flat, f"{at}.{n}")]
        if len(typed) == 1 and not sheet.text(f"{at}.{typed[0]}.key"):
            return sheet.leaf(sheet.text(f"{at}.{typed[0]}.value"), at)
        return super().read(sheet, at)

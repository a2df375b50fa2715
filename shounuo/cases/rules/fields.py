"""Values of an organisation's own fields: checked by type, missing ones named. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import clean, fold_width

MAX_TEXT: Final = 2000
_NUMBER: Final = re.compile(r"[+-]?\d{1,15}(\.\d{1,6})?")
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_FALSE: Final = frozenset({"false", "0", "no", "off"})

Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """An own field: `kinds` empty means cases of every kind; `public`: the customer fills it and sees it too."""

    code: str
    label: str
    type: str
    choices: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    required_to_resolve: bool = False
    public: bool = False

    def applies(self, kind: str) -> bool:
        return not self.kinds or kind in self.kinds


def value_of(field: Field, given: Any) -> Value:
    """The value as kept (a date as YYYY-MM-DD); None for an empty one. Invalid names the field and what it wants."""
    if given is None or (isinstance(given, str) and not given.strip()):
        return None
    match field.type:
        case "number":
            return _number(field, given)
        case "date":
            return _date(field, given)
        case "choice":
            if isinstance(given, str) and given in field.choices:
                return given
            raise _bad(field, _("“%(label)s”须是所列选项之一"))
        case "bool":
            if isinstance(given, bool):
                return given
            word = str(given).strip().lower()
            if word in _TRUE | _FALSE:
                return word in _TRUE
            raise _bad(field, _("“%(label)s”须是“是”或“否”"))
        case _:
            if not isinstance(given, str):
                raise _bad(field, _("“%(label)s”须是文字"))
            text = clean(given).strip()
            if len(text) > MAX_TEXT:
                raise _bad(field, _("“%(label)s”太长"))
            return text or None


def values_of(fields: Iterable[Field], given: Mapping[str, Any]) -> dict[str, Value]:
    """All given values as kept; a code that no field has is refused, so that nothing slips in unseen."""
    by_code = {f.code: f for f in fields}
    for code in given:
        if code not in by_code:
            raise Invalid(
                _("没有字段“%(code)s”") % {"code": str(code)[:60]}, field="custom", code="unknown_field"
            )
    return {code: value_of(by_code[code], value) for code, value in given.items()}


def missing(fields: Iterable[Field], kind: str, custom: Mapping[str, Any]) -> list[Field]:
    """Fields of this kind of case that must be filled before it is resolved and are not."""
    return [
        f for f in fields if f.required_to_resolve and f.applies(kind) and custom.get(f.code) in (None, "")
    ]


def _number(field: Field, given: Any) -> int | float:
    wrong = _("“%(label)s”须是数字")
    if isinstance(given, bool):
        raise _bad(field, wrong)
    if isinstance(given, int | float):
        if not math.isfinite(given) or abs(given) >= 1e15:
            raise _bad(field, wrong)
        return given
    text = fold_width(str(given)).strip().replace(",", "")
    if not text.isascii() or not _NUMBER.fullmatch(text):
        raise _bad(field, wrong)
    return float(text) if "." in text else int(text)


def _date(field: Field, given: Any) -> str:
    try:
        return date.fromisoformat(given.strip()).isoformat()
    except (ValueError, AttributeError) as error:
        raise _bad(field, _("“%(label)s”须是日期，例如 2026-10-10")) from error


def _bad(field: Field, message: Any) -> Invalid:
    return Invalid(message % {"label": field.label}, field=f"custom.{field.code}", code="bad_value")

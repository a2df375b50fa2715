"""What a list may be asked: fields, operators and values by allow-list. Pure; `queries.filters` makes SQL of it.

A query is `{field: value | [values] | {operator: value}, "sort": order}`. Its normal form is
`{field: {operator: [values]}, "sort": order}`; nothing else comes out of `normal`, whatever went in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from shounuo.cases.rules.states import STATUSES
from shounuo.kernel import reach
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import clean_line, whole
from shounuo.kernel.text.numerals import MOST

Scalar = str | int | bool | float
Normal = dict[str, Any]

SORTS: Final = ("due", "updated", "opened", "closed")
DEFAULT_SORT: Final = "due"
MAX_VALUES: Final = 50
MAX_FIELDS: Final = 20
NONE: Final = "none"
ME: Final = "me"
MINE: Final = "mine"
CUSTOM: Final = "custom."
_CODE: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")
_WITHIN: Final = re.compile(r"P([1-9][0-9]{0,3})D")


@dataclass(frozen=True, slots=True)
class Filter:
    """The operators of a field and what one value of it may be (None = refused)."""

    operators: tuple[str, ...]
    value: Callable[[Any], Scalar | None]


def _one_of(*choices: str) -> Callable[[Any], Scalar | None]:
    allowed = frozenset(choices)
    return lambda v: v if isinstance(v, str) and v in allowed else None


def _id(value: Any) -> int | None:
    number = whole(value) if isinstance(value, str) else value
    return number if type(number) is int and 0 < number <= MOST else None


def _id_or(*words: str, codes: bool = False) -> Callable[[Any], Scalar | None]:
    def read(value: Any) -> Scalar | None:
        if isinstance(value, str) and (
            value in words or (codes and not value.isdigit() and _CODE.fullmatch(value))
        ):
            return value
        return _id(value)

    return read


def _bool(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).lower())


def _moment(value: Any) -> str | None:
    """A day or a moment with offset that can be named, as ISO 8601; a span of days back from now for `within`."""
    if not isinstance(value, str) or len(value) > 40:
        return None
    if _WITHIN.fullmatch(value):
        return value
    try:
        if len(value) == 10:
            day = date.fromisoformat(value)
            return day.isoformat() if reach.can_be_named(day) else None
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.isoformat() if moment.tzinfo is not None and reach.can_be_named(moment) else None


def _text(value: Any) -> str | None:
    text = clean_line(value, 100) if isinstance(value, str) else ""
    return text or None


def _scalar(value: Any) -> Scalar | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 10**15 else None
    return _text(value)


_CHOICE: Final = ("is", "not")
_RANGE: Final = ("from", "to", "within")

FILTERS: Final[dict[str, Filter]] = {
    "status": Filter(_CHOICE, _one_of(*STATUSES, "active")),
    "kind": Filter(_CHOICE, _one_of("inquiry", "request", "complaint", "aftersales", "praise", "suggestion")),
    "level": Filter(_CHOICE, _one_of("L1", "L2", "L3", NONE)),
    "severity": Filter(_CHOICE, _one_of("general", "serious", "major", NONE)),
    "complexity": Filter(_CHOICE, _one_of("simple", "general", "complex", NONE)),
    "priority": Filter(_CHOICE, _one_of("low", "normal", "high", "urgent")),
    "channel": Filter(
        _CHOICE,
        _one_of("mail", "form", "api", "phone", "visit", "chat", "sms", "wechat", "social", "letter"),
    ),
    "channel_class": Filter(_CHOICE, _one_of("primary", "secondary")),
    "owner": Filter(_CHOICE, _id_or(ME, NONE)),
    "helper": Filter(("is",), _id_or(ME)),
    "mentioned": Filter(("is",), _id_or(ME)),
    "team": Filter(_CHOICE, _id_or(MINE, NONE, codes=True)),
    "topic": Filter(_CHOICE, _id_or(NONE, codes=True)),
    "tag": Filter(_CHOICE, _text),
    "customer": Filter(("is",), _id),
    "company": Filter(("is",), _id),
    "mailbox": Filter(_CHOICE, _id),
    "number": Filter(("is",), _id),
    "overdue": Filter(("is",), _bool),
    "unanswered": Filter(("is",), _bool),
    "risk": Filter(("is",), _bool),
    "opened": Filter(_RANGE, _moment),
    "updated": Filter(_RANGE, _moment),
    "resolved": Filter(_RANGE, _moment),
    "closed": Filter(_RANGE, _moment),
    "due": Filter(_RANGE, _moment),
    "text": Filter(("is",), _text),
}
_CUSTOM: Final = Filter(("is",), _scalar)


def normal(query: Any) -> Normal:
    """The query in its normal form. Invalid (with the field's name) for anything that is not on the list."""
    if not isinstance(query, Mapping):
        raise Invalid(_("筛选条件的格式不对"), field="query", code="bad_query")
    if len(query) > MAX_FIELDS:
        raise Invalid(
            _("筛选条件太多，最多 %(max)s 项") % {"max": MAX_FIELDS}, field="query", code="bad_query"
        )
    found: Normal = {}
    for name, asked in query.items():
        if name == "sort":
            if asked not in SORTS:
                raise _bad("sort")
            found["sort"] = asked
            continue
        known = _filter(name)
        if known is None:
            raise _bad(str(name)[:60])
        read = _operators(name, known, asked)
        if read:
            found[name] = read
    found.setdefault("sort", DEFAULT_SORT)
    return found


def _filter(name: Any) -> Filter | None:
    if not isinstance(name, str):
        return None
    if name.startswith(CUSTOM):
        return _CUSTOM if _CODE.fullmatch(name[len(CUSTOM) :]) else None
    return FILTERS.get(name)


def _operators(name: str, known: Filter, asked: Any) -> dict[str, list[Scalar]]:
    by_operator = asked if isinstance(asked, Mapping) else {known.operators[0]: asked}
    read: dict[str, list[Scalar]] = {}
    for operator, given in by_operator.items():
        if operator not in known.operators:
            raise _bad(name)
        values = list(given) if isinstance(given, list | tuple) else [given]
        if len(values) > MAX_VALUES or (known.operators is _RANGE and len(values) > 1):
            raise _bad(name)
        clean = [known.value(v) for v in values]
        if any(v is None for v in clean) or (
            known.operators is _RANGE and any((str(v)[0] == "P") != (operator == "within") for v in clean)
        ):
            raise _bad(name)
        if clean:
            read[operator] = [v for v in clean if v is not None]
    return read


def _bad(name: str) -> Invalid:
    return Invalid(_("筛选条件“%(name)s”无法识别") % {"name": name}, field=name, code="bad_query")

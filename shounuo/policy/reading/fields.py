"""Reading one field of a pack: texts, codes, times, shares, amounts, events, matchers. Every refusal says what is
allowed instead."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from django.utils.translation import gettext_lazy as _

from shounuo.kernel import durations
from shounuo.kernel.durations import BadDuration, BadPercent, Percent, Span
from shounuo.policy.reading.source import Report, Src
from shounuo.policy.schema import (
    ADDRESSEES,
    ALWAYS,
    UNSET,
    Condition,
    Escalation,
    EventSpec,
    Matcher,
    MaybeSpan,
    Money,
    Offset,
    Scalar,
    Unset,
)
from shounuo.policy.vocabulary import Fact, Vocabulary

CODE = re.compile(r"^[a-z][a-z0-9_.-]{0,63}\Z")
ROW = re.compile(r"^[A-Z]+-[0-9A-Za-z.-]{1,32}\Z")
MONEY = re.compile(r"^([0-9]{1,12})(?:\.([0-9]{2}))?(?: ([A-Z]{3}))?\Z")
SPEC_KEYS = ("event", "has", "by")
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
LONGEST_VALUE = 80
T = TypeVar("T")


class Map:
    """A mapping being read: each key is taken once, `close` refuses what was not taken."""

    def __init__(self, src: Src, report: Report) -> None:
        self.src = src
        self.report = report
        self.values: dict[str, Src] = dict(src.value) if src.is_map else {}
        self.known: list[str] = []
        if not src.is_map:
            report.add(src, "", _("此处应为一组“键: 值”"))

    def take(self, key: str, *, required: bool = False) -> Src | None:
        """The value under the key, None when it is absent or empty (an error when required)."""
        self.known.append(key)
        found = self.values.pop(key, None)
        if found is not None and found.value is None:
            self.error(found, key, _("没有值；不需要就删去这一行"))
            return None
        if found is None and required and self.src.is_map:
            self.error(self.src, key, _("缺少，必须写明"))
        return found

    def error(self, at: Src | int, key: str, text: Any, **params: Any) -> None:
        self.report.add(at, key, text, **params)

    def close(self) -> None:
        """Refuses the keys that nothing read."""
        for key, src in self.values.items():
            near = difflib.get_close_matches(key, self.known, 1)
            if near:
                self.error(
                    src,
                    key,
                    _("没有这个字段，是否想写 %(near)s？可用：%(all)s"),
                    near=near[0],
                    all=words(self.known),
                )
            else:
                self.error(src, key, _("没有这个字段；可用：%(all)s"), all=words(self.known))

    # one field each: None or an empty value when it is absent or wrong, the wrong one is in the report

    def text(self, key: str, *, required: bool = False, longest: int = 120) -> str:
        src = self.take(key, required=required)
        if src is None:
            return ""
        if not src.is_scalar:
            self.error(src, key, _("应为一段文字"))
            return ""
        value = src.raw.strip()
        if not value:
            self.error(src, key, _("是空的"))
        self._allowed(src, key, longest)
        return value

    def _allowed(self, src: Src, key: str, longest: int) -> bool:
        """False, with an error, for a text that is too long or holds what a database or a page cannot show."""
        bad = FORBIDDEN.search(src.raw)
        if bad:
            self.error(src, key, _("含有不允许的字符 %(char)s"), char=f"U+{ord(bad.group()):04X}")
        length = len(src.raw.strip())
        if length > longest:
            self.error(src, key, _("有 %(length)d 个字，最多 %(max)d 个"), length=length, max=longest)
        return not bad and length <= longest

    def code(self, key: str, *, required: bool = False, allowed: Iterable[str] = ()) -> str:
        src = self.take(key, required=required)
        return self._code(src, key, tuple(allowed)) if src is not None else ""

    def _code(self, src: Src, key: str, allowed: tuple[str, ...] = ()) -> str:
        if not src.is_scalar:
            self.error(src, key, _("应为一个代码"))
            return ""
        if allowed and src.raw not in allowed:
            self.error(src, key, _("“%(value)s”不可用；可用：%(all)s"), value=src.raw, all=words(allowed))
            return ""
        if not allowed and not CODE.match(src.raw):
            self.error(
                src,
                key,
                _("“%(value)s”不是代码：小写字母开头，只用小写字母、数字、- _ .，最多 64 个"),
                value=src.raw,
            )
            return ""
        return src.raw

    def codes(self, key: str, *, allowed: Iterable[str] = (), required: bool = False) -> tuple[str, ...]:
        """One code or a list of them, each once."""
        src = self.take(key, required=required)
        if src is None:
            return ()
        allowed = tuple(allowed)
        found = [c for s in self.each(src, key) if (c := self._code(s, key, allowed))]
        self._once(src, key, found)
        return tuple(found)

    def rows(self, key: str) -> tuple[str, ...]:
        """Ids of requirement rows."""
        src = self.take(key)
        if src is None:
            return ()
        found = []
        for item in self.each(src, key):
            if item.is_scalar and ROW.match(item.raw):
                found.append(item.raw)
            else:
                self.error(item, key, _("“%(value)s”不是要求编号，例如 REG-2.2.1-01"), value=item.raw)
        self._once(src, key, found)
        return tuple(found)

    def each(self, src: Src, key: str) -> list[Src]:
        """The items of a list, or the one value; an empty list is an error."""
        items = list(src.value) if src.is_list else [src]
        if not items:
            self.error(src, key, _("列表是空的；不需要就删去这一行"))
        return items

    def _once(self, src: Src, key: str, found: list[str]) -> None:
        for twice in sorted({f for f in found if found.count(f) > 1}):
            self.error(src, key, _("“%(value)s”写了两次"), value=twice)

    def boolean(self, key: str) -> bool:
        src = self.take(key)
        if src is None:
            return False
        if not isinstance(src.value, bool):
            self.error(src, key, _("应为 true 或 false，不是“%(value)s”"), value=src.raw)
            return False
        return src.value

    def whole(self, key: str, *, least: int = 0, most: int = 1_000_000) -> int | None:
        src = self.take(key)
        if src is None:
            return None
        value = src.value
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            self.error(
                src,
                key,
                _("“%(value)s”应为 %(least)d 到 %(most)d 的整数"),
                value=src.raw,
                least=least,
                most=most,
            )
            return None
        return value

    def _parsed(self, key: str, src: Src, parse: Callable[[str], T]) -> T | None:
        if not src.is_scalar:
            self.error(src, key, _("应为一个值，例如 PT30M"))
            return None
        try:
            return parse(src.raw)
        except (BadDuration, BadPercent) as problem:
            self.error(src, key, problem.message)
            return None

    def span(self, key: str) -> Span | None:
        """A length of time over zero."""
        src = self.take(key)
        return self._span(key, src) if src is not None else None

    def _span(self, key: str, src: Src) -> Span | None:
        span = self._parsed(key, src, durations.parse)
        if span is not None and span.is_zero:
            self.error(src, key, _("“%(value)s”须大于零"), value=src.raw)
            return None
        return span

    def maybe_span(self, key: str, *, required: bool = False) -> MaybeSpan | None:
        """A length of time, or `unset` for a figure that the organisation has still to set."""
        src = self.take(key, required=required)
        if src is None:
            return None
        return UNSET if src.is_scalar and src.raw == Unset.UNSET else self._span(key, src)

    def offset(self, key: str, *, required: bool = False) -> Offset | None:
        """A share of a clock's time (80%) or a length after its start (PT20M)."""
        src = self.take(key, required=required)
        return self._parsed(key, src, durations.parse_offset) if src is not None else None

    def share(self, key: str, *, most: int = 10_000) -> Percent | None:
        src = self.take(key)
        if src is None:
            return None
        share = self._parsed(key, src, durations.parse_percent)
        if share is not None and not 0 < share.basis_points <= most:
            self.error(
                src, key, _("“%(value)s”须大于 0%% 且不超过 %(most)s"), value=src.raw, most=str(Percent(most))
            )
            return None
        return share

    def maybe_share(self, key: str) -> Percent | Unset | None:
        """A share, or `unset` for one that the organisation has still to set."""
        src = self.values.get(key)
        if src is not None and src.is_scalar and src.raw == Unset.UNSET:
            self.take(key)
            return UNSET
        return self.share(key)

    def number(self, key: str) -> Decimal | Percent | Span | Unset | None:
        """A plain number, a share, a length of time or `unset`."""
        src = self.take(key)
        if src is None:
            return None
        if src.is_scalar and src.raw == Unset.UNSET:
            return UNSET
        if src.is_scalar and src.raw.startswith("P"):
            return self._parsed(key, src, durations.parse)
        if src.is_scalar and src.raw.endswith("%"):
            return self._parsed(key, src, durations.parse_percent)
        try:
            value = Decimal(src.raw if src.is_scalar else "")
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or len(src.raw) > 20:
            self.error(
                src, key, _("“%(value)s”应为数字、百分比（85%%）、时长（PT3M）或 unset"), value=src.raw
            )
            return None
        return value.normalize() + 0

    def money(self, key: str) -> Money | None:
        src = self.take(key)
        if src is None:
            return None
        found = MONEY.match(src.raw) if src.is_scalar else None
        if found is None:
            self.error(src, key, _("“%(value)s”不是金额，例如 500 CNY 或 49.90 CNY"), value=src.raw)
            return None
        whole, rest, currency = found.groups()
        return Money(int(whole) * 100 + int(rest or 0), currency or "CNY")


def words(items: Iterable[str]) -> str:
    return ", ".join(items)


class Reader(Map):
    """A mapping that may name events, facts and roles."""

    def __init__(self, src: Src, report: Report, vocabulary: Vocabulary) -> None:
        super().__init__(src, report)
        self.vocabulary = vocabulary

    def roles(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """One role code or a list; unknown ones are errors."""
        src = self.take(key, required=required)
        return self._roles(key, src) if src is not None else ()

    def _roles(self, key: str, src: Src) -> tuple[str, ...]:
        found = []
        for item in self.each(src, key):
            if item.is_scalar and item.raw in self.vocabulary.roles:
                found.append(item.raw)
            else:
                self.error(
                    item,
                    key,
                    _("没有角色“%(value)s”；可用：%(all)s"),
                    value=item.raw,
                    all=words(sorted(self.vocabulary.roles)),
                )
        self._once(src, key, found)
        return tuple(found)

    def events(self, key: str, *, required: bool = False, subject: str = "") -> tuple[EventSpec, ...]:
        """One event or any of several, each a kind or `{event, <payload field>: value, has, by}`.

        With a subject, events that happen to another kind of thing are errors: they would never be seen.
        """
        src = self.take(key, required=required)
        if src is None:
            return ()
        found = [spec for item in self.each(src, key) if (spec := self._event(key, item)) is not None]
        for twice in {s.event for i, s in enumerate(found) if s in found[:i]}:
            self.error(src, key, _("“%(value)s”写了两次"), value=twice)
        for spec in found:
            to = self.vocabulary.happens_to.get(spec.event, "*")
            if subject and to not in ("*", subject):
                self.error(
                    src,
                    key,
                    _("事件“%(value)s”发生在 %(other)s 上，不在 %(subject)s 上"),
                    value=spec.event,
                    other=to,
                    subject=subject,
                )
        return tuple(found)

    def kinds(self, key: str) -> tuple[str, ...]:
        """One kind of event or a list of them, without a description."""
        src = self.take(key)
        if src is None:
            return ()
        found = [item.raw for item in self.each(src, key) if self._kind(key, item)]
        self._once(src, key, found)
        return tuple(found)

    def _event(self, key: str, src: Src) -> EventSpec | None:
        if src.is_scalar:
            return EventSpec(src.raw) if self._kind(key, src) else None
        if src.is_list:
            self.error(src, key, _("此处应为一个事件或一组“键: 值”"))
            return None
        inside = Reader(src, self.report, self.vocabulary)
        kind = inside.take("event", required=True)
        if kind is None or not self._kind(key, kind):
            return None
        payload = self.vocabulary.payload(kind.raw)
        has = inside.take("has")
        fields = tuple(
            item.raw
            for item in (inside.each(has, f"{key}.has") if has else [])
            if self._field(key, kind.raw, item, payload)
        )
        by = inside.take("by")
        roles = inside._roles(f"{key}.by", by) if by is not None else ()
        where = []
        for name, value in inside.values.items():
            named = Src(name, value.place, name)
            if self._field(key, kind.raw, named, payload):
                found = self._values(f"{key}.{name}", value, payload[name] if payload is not None else None)
                if found:
                    where.append((name, found))
        return EventSpec(kind.raw, tuple(sorted(where)), fields, roles)

    def _kind(self, key: str, src: Src) -> bool:
        if src.is_scalar and self.vocabulary.knows_event(src.raw):
            return True
        value = src.raw if src.is_scalar else ""
        near = difflib.get_close_matches(value, self.vocabulary.event_kinds(), 3, 0.5)
        if near:
            self.error(
                src,
                key,
                _("没有事件“%(value)s”，是否想写 %(near)s？全部事件见 docs/events.md"),
                value=value,
                near=words(near),
            )
        else:
            self.error(src, key, _("没有事件“%(value)s”；全部事件见 docs/events.md"), value=value)
        return False

    def _field(self, key: str, kind: str, name: Src, payload: Mapping[str, Fact] | None) -> bool:
        if payload is None or (name.is_scalar and name.raw in payload):
            return True
        self.error(
            name,
            f"{key}.{name.raw}",
            _("事件 %(event)s 没有字段“%(value)s”；可用：%(all)s"),
            event=kind,
            value=name.raw,
            all=words([*SPEC_KEYS, *payload]),
        )
        return False

    def _values(self, key: str, src: Src, fact: Fact | None) -> tuple[Scalar, ...]:
        """The value or values a fact or payload field may have, checked against what is known of it."""
        found: list[Scalar] = []
        for item in self.each(src, key):
            if not item.is_scalar or item.value is None:
                self.error(item, key, _("应为一个值或一列值"))
                continue
            if not self._allowed(item, key, LONGEST_VALUE):
                continue
            value: Scalar = item.value if isinstance(item.value, bool | int) else item.raw
            if fact is not None:
                if fact.type is str:
                    value = item.raw
                elif fact.type is not object and type(value) is not fact.type:
                    self.error(item, key, fact.wanted, value=item.raw)
                    continue
                if fact.values and value not in fact.values:
                    self.error(
                        item,
                        key,
                        _("“%(value)s”不可用；可用：%(all)s"),
                        value=item.raw,
                        all=words(map(str, fact.values)),
                    )
                    continue
            if any(type(known) is type(value) and known == value for known in found):
                self.error(item, key, _("“%(value)s”写了两次"), value=item.raw)
                continue
            found.append(value)
        return tuple(found)

    def matcher(self, key: str, subject: str | None) -> Matcher:
        """Conditions on the facts of a subject; `subject` None = any facts (dimensions of a metric)."""
        src = self.take(key)
        if src is None:
            return ALWAYS
        inside = Map(src, self.report)
        facts = self.vocabulary.facts(subject) if subject is not None else None
        conditions = []
        for name, value in inside.values.items():
            fact = facts.get(name) if facts is not None else None
            if facts is not None and fact is None and not name.startswith("field."):
                self.error(
                    value,
                    f"{key}.{name}",
                    _("%(subject)s 没有事实“%(value)s”；可用：%(all)s"),
                    subject=subject,
                    value=name,
                    all=words([*facts, "field.<code>"]),
                )
                continue
            negated = value.is_map
            if negated:
                if list(value.value) != ["not"]:
                    self.error(value, f"{key}.{name}", _("应为一个值、一列值或 {not: 值}"))
                    continue
                value = value.value["not"]
            values = self._values(f"{key}.{name}", value, fact)
            if values:
                conditions.append(Condition(name, values, negated))
        if src.is_map and not src.value:
            self.error(src, key, _("是空的；不需要就删去这一行"))
        return Matcher(tuple(sorted(conditions, key=lambda c: c.fact)))

    def escalations(self, key: str) -> tuple[Escalation, ...]:
        """Steps of the ladder in the order given."""
        src = self.take(key)
        if src is None:
            return ()
        steps = []
        for item in self.each(src, key):
            inside = Reader(item, self.report, self.vocabulary)
            at = inside.offset("at", required=True)
            to = inside.take("to", required=True)
            inside.close()
            if to is not None and not self._addressee(to):
                self.error(
                    to,
                    f"{key}.to",
                    _("“%(value)s”不可用；可用：%(all)s"),
                    value=to.raw,
                    all=words([*ADDRESSEES, *(f"role:{r}" for r in sorted(self.vocabulary.roles))]),
                )
            elif at is not None and to is not None:
                step = Escalation(at, to.raw)
                if step in steps:
                    self.error(item, key, _("“%(value)s”写了两次"), value=f"{at} {to.raw}")
                steps.append(step)
        return tuple(steps)

    def _addressee(self, src: Src) -> bool:
        prefix, _colon, role = src.raw.partition(":")
        return src.raw in ADDRESSEES or (prefix == "role" and role in self.vocabulary.roles)

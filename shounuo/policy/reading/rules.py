"""Reading the eight kinds of rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.kernel.durations import Percent, Span
from shounuo.policy.reading.fields import CODE, Reader, words
from shounuo.policy.reading.source import Report, Src
from shounuo.policy.schema import (
    ALARM_LEVELS,
    COMPARISONS,
    DEFAULT_TARGET,
    DEFAULT_WARN,
    END,
    PER,
    RULES,
    SLICED,
    TRENDS,
    UNSET,
    Alarm,
    AnyRule,
    Authority,
    Benchmark,
    Cadence,
    Commitment,
    Items,
    Playbook,
    PlaybookStep,
    Record,
    Target,
    Threshold,
    Unset,
    Weight,
)
from shounuo.policy.vocabulary import Vocabulary

NAME = re.compile(r"^[a-z0-9][a-z0-9-]{0,63}\Z")
CHANGE = re.compile(r"^[+-][0-9]{1,4}(\.[0-9]{1,2})?%\Z")
WAYS = ("app", "mail", "sms", "dingtalk", "wecom", "feishu", "phone")


def read_rule(src: Src, report: Report, vocabulary: Vocabulary) -> AnyRule | None:
    """One rule of any kind, which its first key names. None when it cannot be read, with the reason in the report."""
    reader = Reader(src, report, vocabulary)
    if not src.is_map:
        return None
    kind = next(iter(src.value), "")
    if kind not in RULES:
        report.add(
            src,
            "",
            _("一条规则须以它的类型开头：%(all)s"),
            all=words(f"{k}: <name>" for k in RULES),
        )
        return None
    name = reader.take(kind)
    if name is None or not name.is_scalar or not NAME.match(name.raw):
        if name is not None:
            report.add(name, kind, _("“%(value)s”不是规则名：小写字母、数字和 -，最多 64 个"), value=name.raw)
        return None
    report.rule = name.raw
    before = len(report.errors)
    common = {
        "name": name.raw,
        "title": reader.text("title"),
        "title_en": reader.text("title_en", longest=200),
        "note": reader.text("note", longest=1000),
        "covers": reader.rows("covers"),
        "line": name.line,
    }
    rule = _READERS[kind](reader, common)
    reader.close()
    report.rule = ""
    return rule if len(report.errors) == before else None


def _subject(reader: Reader) -> str:
    return reader.code("subject", required=True, allowed=reader.vocabulary.subjects())


def _when(reader: Reader, subject: str) -> Any:
    known = bool(subject) and reader.vocabulary.facts(subject) is not None
    return reader.matcher("when", subject if known else None)


def _commitment(reader: Reader, common: dict[str, Any]) -> Commitment:
    subject = _subject(reader)
    starts = reader.events("from", required=True, subject=subject)
    until = reader.events("until", required=True, subject=subject)
    within_src, by_src = reader.values.get("within"), reader.values.get("by")
    within = reader.maybe_span("within")
    after = reader.span("after")
    by = reader.take("by")
    due_of = ""
    if by is not None:
        inside = Reader(by, reader.report, reader.vocabulary)
        due_of = inside.code("due_of", required=True)
        inside.close()
    if within_src is not None and by_src is not None:
        reader.error(by_src, "by", _("与 within 只能写一个"))
    if within_src is None and by_src is None:
        reader.error(reader.src, "within", _("缺少：须写 within，或 by: {due_of: <规则名>}，未定的写 unset"))
    if due_of and due_of == common["name"]:
        reader.error(by_src or reader.src, "by", _("不能指向规则自己"))
    if isinstance(within, Span) and after is not None and certainly_not_before(after, within):
        reader.error(
            reader.src, "after", _("“%(after)s”须短于 within“%(within)s”"), after=after, within=within
        )
    warn = reader.offset("warn")
    if isinstance(warn, Percent) and not 0 < warn.basis_points <= 10_000:
        reader.error(reader.src, "warn", _("“%(value)s”须大于 0%% 且不超过 100%%"), value=warn)
    return Commitment(
        **common,
        subject=subject,
        starts=starts,
        until=until,
        cancel=reader.events("cancel", subject=subject),
        within=within,
        due_of=due_of,
        after=after,
        each=reader.boolean("each"),
        pause=reader.codes("pause", allowed=reader.vocabulary.states(subject) or ()),
        calendar=reader.code("calendar"),
        when=_when(reader, subject),
        warn=DEFAULT_WARN if warn is None else warn,
        escalate=reader.escalations("escalate"),
        target=reader.share("target") or DEFAULT_TARGET,
    )


def certainly_not_before(after: Span, within: Span) -> bool:
    """True when `after` is as long as `within` or longer on every calendar: both in one same unit."""
    parts = ("months", "days", "seconds", "business_days", "business_seconds")
    used = {p for p in parts if getattr(after, p) or getattr(within, p)}
    return len(used) == 1 and all(getattr(after, p) >= getattr(within, p) for p in used)


def _cadence(reader: Reader, common: dict[str, Any]) -> Cadence:
    times = reader.whole("times", least=1, most=10_000)
    composition = _counts(reader, "composition")
    warn = reader.offset("warn")
    if composition and times is not None and sum(n for _c, n in composition) > times:
        reader.error(reader.src, "composition", _("各项之和超过 times（%(times)d）"), times=times)
    return Cadence(
        **common,
        activity=reader.code("activity", required=True),
        every=reader.maybe_span("every", required=True) or UNSET,
        times=times or 1,
        owner=reader.roles("owner"),
        per=reader.code("per", allowed=PER) or "organisation",
        composition=composition,
        done=reader.events("done"),
        when=reader.matcher("when", None),
        warn=DEFAULT_WARN if warn is None else warn,
        escalate=reader.escalations("escalate"),
    )


def _counts(reader: Reader, key: str) -> tuple[tuple[str, int], ...]:
    """A mapping code -> whole number over zero."""
    src = reader.take(key)
    if src is None:
        return ()
    inside = Reader(src, reader.report, reader.vocabulary)
    found = []
    for code in list(inside.values):
        count = inside.whole(code, least=1, most=10_000)
        if count is not None and _is_code(reader, inside.src.value[code], key, code):
            found.append((code, count))
    return tuple(sorted(found))


def _is_code(reader: Reader, at: Src, key: str, code: str) -> bool:
    if CODE.match(code):
        return True
    reader.error(
        at,
        f"{key}.{code}",
        _("“%(value)s”不是代码：小写字母开头，只用小写字母、数字、- _ .，最多 64 个"),
        value=code,
    )
    return False


def _record(reader: Reader, common: dict[str, Any]) -> Record:
    subject = _subject(reader)
    fields = reader.codes("fields")
    items = reader.take("items")
    before, after = reader.events("before", subject=subject), reader.events("after", subject=subject)
    within_src = reader.values.get("within")
    within = reader.maybe_span("within")
    if not fields and items is None:
        reader.error(reader.src, "fields", _("缺少：须写 fields 或 items"))
    if bool(before) == bool(after):
        reader.error(reader.src, "before", _("须写 before（在某事之前填好）或 after（某事之后填好）之一"))
    if within_src is not None and not after:
        reader.error(within_src, "within", _("只能与 after 一起写"))
    return Record(
        **common,
        subject=subject,
        fields=fields,
        items=_items(Reader(items, reader.report, reader.vocabulary)) if items is not None else None,
        before=before,
        after=after,
        within=within,
        calendar=reader.code("calendar"),
        when=_when(reader, subject),
        owner=reader.roles("owner"),
    )


def _items(inside: Reader) -> Items:
    of = inside.code("of", required=True)
    least, most = inside.whole("min"), inside.whole("max", least=1)
    if least is not None and most is not None and least > most:
        inside.error(inside.src, "items", _("min %(min)d 大于 max %(max)d"), min=least, max=most)
    inside.close()
    return Items(of=of, min=least or 0, max=most)


def _threshold(reader: Reader, *, required: bool, change: str = "") -> Threshold | None:
    op_src, value_src = reader.values.get("op"), reader.values.get("value")
    if not required and op_src is None and value_src is None:
        return None
    op = reader.code("op", required=True, allowed=COMPARISONS)
    value = reader.number("value")
    if value_src is None and not change:
        reader.error(reader.src, "value", _("缺少，必须写明；未定的写 unset"))
    return Threshold(op or ">=", UNSET if value is None else value)  # type: ignore[arg-type]


def _change(reader: Reader) -> str:
    change = reader.text("change", longest=12)
    if change and not CHANGE.match(change):
        reader.error(reader.src, "change", _("“%(value)s”应为带正负号的百分比，例如 +20%%"), value=change)
    return change


def _benchmark(reader: Reader) -> Benchmark | None:
    src = reader.take("benchmark")
    if src is None:
        return None
    inside = Reader(src, reader.report, reader.vocabulary)
    value_src, value = inside.values.get("value"), inside.number("value")
    if value_src is None or isinstance(value, Unset):
        inside.error(value_src or src, "benchmark", _("缺少 value：基准须有数值和来源"))
    found = inside.text("source", required=True, longest=200), inside.text("source_en", longest=200)
    inside.close()
    return None if value is None or isinstance(value, Unset) else Benchmark(value, *found)


def _target(reader: Reader, common: dict[str, Any]) -> Target:
    change = _change(reader)
    horizon, horizon_min = reader.span("horizon"), reader.span("horizon_min")
    if horizon_min is not None and horizon is None:
        reader.error(reader.src, "horizon_min", _("只能与 horizon 一起写"))
    baseline_src = reader.values.get("baseline")
    baseline = reader.number("baseline")
    if isinstance(baseline, Unset):
        reader.error(baseline_src or 0, "baseline", _("未知就删去这一行"))
        baseline = None
    return Target(
        **common,
        metric=reader.code("metric", required=True),
        threshold=_threshold(reader, required=True, change=change) or Threshold(">=", UNSET),
        change=change,
        baseline=baseline,
        window=reader.maybe_span("window"),
        horizon=horizon,
        horizon_min=horizon_min,
        least=reader.whole("least", least=1),
        benchmark=_benchmark(reader),
        owner=reader.roles("owner"),
        when=reader.matcher("when", None),
    )


def _alarm(reader: Reader, common: dict[str, Any]) -> Alarm:
    metric = reader.code("metric")
    trigger = reader.events("trigger")
    threshold = _threshold(reader, required=False)
    trend = reader.code("trend", allowed=TRENDS)
    change, absent = _change(reader), reader.boolean("absent")
    window_src, when = reader.values.get("window"), reader.matcher("when", None)
    if bool(metric) == bool(trigger):
        reader.error(reader.src, "metric", _("须写 metric（指标）或 trigger（事件）之一"))
    if metric and threshold is None and not (trend or change or absent):
        reader.error(reader.src, "value", _("缺少：须写 op 与 value，或 trend、change、absent"))
    if trigger and (threshold is not None or trend or change or absent):
        reader.error(reader.src, "trigger", _("由事件触发时不写 op、value、trend、change、absent"))
    if absent and (threshold is not None or trend or change):
        reader.error(reader.src, "absent", _("不与 op、value、trend、change 同写"))
    if absent and window_src is None:
        reader.error(reader.src, "window", _("缺少：absent 须写明多久没有数据"))
    if (trend or absent or reader.values.get("consecutive")) and any(
        c.fact == SLICED for c in when.conditions
    ):
        reader.error(reader.src, "when", _("by 不与 trend、absent、consecutive 同写"))
    return Alarm(
        **common,
        metric=metric,
        threshold=threshold,
        trend=trend,
        change=change,
        absent=absent,
        trigger=trigger,
        window=reader.maybe_span("window"),
        consecutive=reader.span("consecutive"),
        least=reader.whole("least", least=1),
        level=reader.code("level", allowed=ALARM_LEVELS),
        notify=reader.roles("notify", required=True),
        via=reader.codes("via", allowed=WAYS),
        plan=reader.code("plan"),
        when=when,
    )


def _authority(reader: Reader, common: dict[str, Any]) -> Authority:
    up_to, over = reader.money("up_to"), reader.money("over")
    if (
        up_to is not None
        and over is not None
        and (up_to.currency != over.currency or up_to.minor <= over.minor)
    ):
        reader.error(reader.src, "over", _("须小于 up_to，币种相同"))
    return Authority(
        **common,
        grant=reader.code("grant", required=True),
        who=reader.roles("who", required=True),
        up_to=up_to,
        over=over,
        per=reader.code("per", allowed=PER) or "case",
        approver=reader.roles("approver"),
        when=reader.matcher("when", None),
    )


def _weight(reader: Reader, common: dict[str, Any]) -> Weight:
    of = reader.code("of", required=True)
    src = reader.take("parts", required=True)
    parts: list[tuple[str, Percent | Unset]] = []
    if src is not None:
        inside = Reader(src, reader.report, reader.vocabulary)
        for code in list(inside.values):
            share = inside.maybe_share(code)
            if share is not None and _is_code(reader, src.value[code], "parts", code):
                parts.append((code, share))
    partial = reader.boolean("partial")
    known = [share.basis_points for _c, share in parts if isinstance(share, Percent)]
    total = sum(known)
    whole = not partial and len(known) == len(parts)
    if src is not None and len(parts) == len(src.value) and (total > 10_000 or (total < 10_000 and whole)):
        reader.error(
            src,
            "parts",
            _("各部分合计 %(total)s，应为 100%%；只列出其中几部分时写 partial: true"),
            total=str(Percent(total)),
        )
    return Weight(
        **common,
        of=of,
        parts=tuple(sorted(parts, key=_by_size)),
        partial=partial,
        every=reader.maybe_span("every"),
        when=reader.matcher("when", None),
    )


def _by_size(part: tuple[str, Percent | Unset]) -> tuple[int, str]:
    code, share = part
    return (-share.basis_points if isinstance(share, Percent) else 0, code)


def _playbook(reader: Reader, common: dict[str, Any]) -> Playbook:
    src = reader.take("steps", required=True)
    steps: list[PlaybookStep] = []
    for item in reader.each(src, "steps") if src is not None else []:
        inside = Reader(item, reader.report, reader.vocabulary)
        step = PlaybookStep(
            name=inside.code("name", required=True),
            title=inside.text("title"),
            title_en=inside.text("title_en", longest=200),
            role=inside.roles("role"),
            input=inside.codes("input"),
            output=inside.codes("output"),
            within=inside.maybe_span("within"),
            done=inside.events("done"),
            when=inside.matcher("when", None),
            next=_ways(inside),
        )
        inside.close()
        if step.done and step.outcomes:
            reader.error(item, "next", _("有多个去向的步骤由人选择，不能同时写 done"))
        if step.name and step.name in {s.name for s in steps}:
            reader.error(item, "steps", _("“%(value)s”写了两次"), value=step.name)
        if step.name == END:
            reader.error(
                item, "name", _("“%(value)s”在 next 里是到此结束，不能作步骤的名字"), value=step.name
            )
        steps.append(step)
    names = [s.name for s in steps]
    for step in steps:
        for _outcome, to in step.next:
            if to != END and to not in names:
                reader.error(
                    reader.src,
                    "steps",
                    _("没有步骤“%(value)s”；可用：%(all)s"),
                    value=to,
                    all=words([*names, END]),
                )
    return Playbook(
        **common, steps=tuple(steps), trigger=reader.events("trigger"), when=reader.matcher("when", None)
    )


def _ways(step: Reader) -> tuple[tuple[str, str], ...]:
    """Where a step leads: the name of another, or one for each outcome."""
    src = step.take("next")
    if src is None:
        return ()
    if not src.is_map:
        to = step._code(src, "next")
        return (("", to),) if to else ()
    found = []
    for outcome, target in src.value.items():
        if not CODE.match(outcome):
            step.error(target, "next", _("“%(value)s”不可用"), value=outcome)
        to = step._code(target, "next")
        if to:
            found.append((outcome, to))
    if len(found) < 2:
        step.error(src, "next", _("去向至少写两个；只有一个就直接写步骤的代码"))
    return tuple(sorted(found))


_READERS: dict[str, Callable[[Reader, dict[str, Any]], AnyRule]] = {
    "commitment": _commitment,
    "cadence": _cadence,
    "record": _record,
    "target": _target,
    "alarm": _alarm,
    "authority": _authority,
    "weight": _weight,
    "playbook": _playbook,
}

"""The forms of the eight kinds of rule: which control stands for which field of the schema, and reading a whole form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from shounuo.kernel.text import whole
from shounuo.policy.editing import choices
from shounuo.policy.editing.compounds import Conditions, EventRow, Group, Rows, Table, Ways
from shounuo.policy.editing.controls import (
    NUMBER,
    PERCENT,
    TIMES,
    YUAN,
    Amount,
    Choice,
    Codes,
    Control,
    Drawn,
    Flag,
    Many,
    Text,
    Whole,
)
from shounuo.policy.editing.flat import Context, Flat, Sheet, renumbered, rows
from shounuo.policy.proposing.words import name_of
from shounuo.policy.reading import read_rule_tree
from shounuo.policy.reading.source import Src
from shounuo.policy.schema import AnyRule
from shounuo.policy.writing import rule_plain

OFFSETS = (PERCENT, *TIMES)


def _event(required: bool = True) -> EventRow:
    return EventRow(
        name="",
        event=Choice(name="event", label=pgettext_lazy("one", "事件"), options=choices.events, required=required, redraws=True),
        where=Conditions(
            name="where",
            label=gettext_lazy("仅当"),
            names=choices.payload,
            closed=choices.payload_values,
            skip=("event", "has", "by"),
        ),
        has=Many(name="has", label=gettext_lazy("须已有"), options=lambda _context: []),
        by=Many(name="by", label=gettext_lazy("由谁做的"), options=choices.roles),
    )  # fmt: skip


def _events(name: str, label: Any, **more: Any) -> Rows:
    return Rows(name=name, label=label, row=_event(), add=gettext_lazy("或另一事件"), **more)


def _roles(name: str, label: Any, **more: Any) -> Many:
    return Many(name=name, label=label, options=choices.roles, **more)


WHEN = Conditions(
    name="when",
    label=gettext_lazy("适用范围"),
    help=gettext_lazy("全部满足才适用；不加条件就对所有情形适用"),
    names=choices.facts,
    closed=choices.fact_values,
    negates=True,
)
LADDER = Rows(
    name="escalate",
    label=gettext_lazy("升级"),
    help=gettext_lazy("占时限的百分比（100% 为到期时），或起算后多久"),
    row=Group(
        name="",
        fields=(
            Amount(name="at", label=gettext_lazy("到何时"), units=OFFSETS, required=True),
            Choice(name="to", label=gettext_lazy("通知谁"), options=choices.addressees, required=True),
        ),
    ),
    add=gettext_lazy("加一级"),
)
WARN = Amount(
    name="warn",
    label=gettext_lazy("何时预警"),
    help=gettext_lazy("不填为时限的 80%"),
    units=OFFSETS,
    more=True,
)
SUBJECT = Choice(
    name="subject", label=gettext_lazy("管什么"), options=choices.subjects, required=True, redraws=True
)
CALENDAR = Choice(
    name="calendar",
    label=gettext_lazy("按哪个日历计"),
    options=choices.calendars,
    none=gettext_lazy("与整部制度相同"),
    more=True,
)
ABOUT: tuple[Control, ...] = (
    Text(name="title_en", label=gettext_lazy("英文名称"), more=True),
    Text(name="note", label=gettext_lazy("说明"), long=True, more=True),
    Many(name="covers", label=gettext_lazy("落实哪些要求"), options=choices.covers, more=True),
)
OP = Choice(name="op", label=gettext_lazy("须"), options=choices.comparisons, none=gettext_lazy("请选择"))
VALUE = Amount(name="value", label=gettext_lazy("数值"), units=(NUMBER, PERCENT, *TIMES), unset=True)
METRIC = Choice(name="metric", label=gettext_lazy("哪个指标"), options=choices.figures)
WINDOW = Amount(name="window", label=gettext_lazy("统计期"), unset=True)
LEAST = Whole(name="least", label=gettext_lazy("至少多少次才判定"), more=True)
EVERY = Amount(name="every", label=gettext_lazy("多久一次"), unset=True)

SHEETS: dict[str, tuple[Control, ...]] = {
    "commitment": (
        SUBJECT,
        _events("from", gettext_lazy("从何时起算"), required=True, least=1),
        _events("until", gettext_lazy("做到什么算完成"), required=True, least=1),
        Amount(name="within", label=gettext_lazy("多长时间内"), unset=True),
        Choice(
            name="by",
            label=gettext_lazy("或与另一时限同时到期"),
            options=choices.commitments,
            none=gettext_lazy("不借用"),
            inside="due_of",
        ),
        WHEN,
        LADDER,
        WARN,
        Amount(
            name="target", label=gettext_lazy("目标守诺率"), help=gettext_lazy("不填为 95%"), units=(PERCENT,)
        ),
        _events("cancel", gettext_lazy("发生什么就取消"), more=True),
        Amount(name="after", label=gettext_lazy("不早于起算后"), more=True),
        Many(name="pause", label=gettext_lazy("何时暂停"), options=choices.states, more=True),
        CALENDAR,
        Flag(name="each", label=gettext_lazy("每次发生都另计一次"), more=True),
    ),
    "cadence": (
        Text(name="activity", label=gettext_lazy("做什么"), suggest=choices.words, required=True, wide=False),
        Amount(name="every", label=gettext_lazy("多久一次"), unset=True, required=True),
        Whole(name="times", label=gettext_lazy("每期几次"), help=gettext_lazy("不填为 1 次")),
        Choice(
            name="per",
            label=gettext_lazy("按什么计"),
            options=choices.per,
            none=pgettext_lazy("per", "全公司"),
        ),
        _roles("owner", gettext_lazy("由谁负责")),
        Table(
            name="composition",
            label=gettext_lazy("其中"),
            key=Text(name="key", label=gettext_lazy("哪一种"), suggest=choices.words, wide=False),
            row=Whole(name="value", label=gettext_lazy("几次")),
            add=gettext_lazy("加一种"),
        ),
        _events("done", gettext_lazy("什么事件证明做了")),
        WHEN,
        LADDER,
        WARN,
    ),
    "record": (
        SUBJECT,
        Codes(
            name="fields",
            label=gettext_lazy("填什么"),
            help=gettext_lazy("字段代码，用逗号隔开"),
            suggest=choices.words,
        ),
        Group(
            name="items",
            label=gettext_lazy("要有几个"),
            fields=(
                Text(name="of", label=gettext_lazy("什么"), suggest=choices.words, wide=False),
                Whole(name="min", label=gettext_lazy("至少")),
                Whole(name="max", label=gettext_lazy("至多")),
            ),
        ),
        _events("before", gettext_lazy("在什么之前")),
        _events("after", gettext_lazy("或在什么之后")),
        Amount(name="within", label=gettext_lazy("之后多长时间内"), unset=True),
        WHEN,
        _roles("owner", gettext_lazy("由谁负责"), more=True),
        CALENDAR,
    ),
    "target": (
        Choice(name="metric", label=gettext_lazy("哪个指标"), options=choices.figures, required=True),
        OP,
        VALUE,
        Text(
            name="change",
            label=gettext_lazy("较基线变化"),
            help=gettext_lazy("例如 +20% 或 -10%，可代替数值"),
            wide=False,
        ),
        WINDOW,
        WHEN,
        _roles("owner", gettext_lazy("由谁负责")),
        Amount(name="baseline", label=gettext_lazy("基线"), units=(NUMBER, PERCENT, *TIMES), more=True),
        Amount(name="horizon_min", label=gettext_lazy("最早多久达到"), more=True),
        Amount(name="horizon", label=gettext_lazy("最迟多久达到"), more=True),
        Group(
            name="benchmark",
            label=gettext_lazy("行业基准"),
            more=True,
            fields=(
                Amount(name="value", label=gettext_lazy("数值"), units=(NUMBER, PERCENT, *TIMES)),
                Text(name="source", label=gettext_lazy("出处"), wide=False),
                Text(name="source_en", label=gettext_lazy("出处的英文"), wide=False),
            ),
        ),
        LEAST,
    ),
    "alarm": (
        METRIC,
        OP,
        VALUE,
        Choice(
            name="trend", label=gettext_lazy("或走势"), options=choices.trends, none=gettext_lazy("不看走势")
        ),
        Text(
            name="change",
            label=gettext_lazy("或与上一期相比"),
            help=gettext_lazy("例如 +50% 或 -10%"),
            wide=False,
        ),
        Flag(name="absent", label=gettext_lazy("或统计期内没有数据")),
        _events("trigger", gettext_lazy("或由事件触发")),
        WINDOW,
        Amount(name="consecutive", label=gettext_lazy("持续多久")),
        Choice(
            name="level", label=gettext_lazy("预警级别"), options=choices.levels, none=gettext_lazy("不分级")
        ),
        _roles("notify", gettext_lazy("通知谁"), required=True),
        WHEN,
        Many(name="via", label=gettext_lazy("用什么方式"), options=choices.ways, more=True),
        Text(
            name="plan", label=gettext_lazy("启动哪个流程"), suggest=choices.playbooks, wide=False, more=True
        ),
        LEAST,
    ),
    "authority": (
        Text(name="grant", label=gettext_lazy("给予什么"), suggest=choices.words, required=True, wide=False),
        _roles("who", gettext_lazy("谁有权"), required=True),
        Amount(name="over", label=gettext_lazy("超过"), units=(YUAN,)),
        Amount(name="up_to", label=gettext_lazy("不超过（含）"), units=(YUAN,)),
        Choice(
            name="per",
            label=gettext_lazy("按什么合计"),
            options=choices.per,
            none=pgettext_lazy("per", "工单"),
        ),
        _roles("approver", gettext_lazy("再高由谁批准")),
        WHEN,
    ),
    "weight": (
        Text(name="of", label=gettext_lazy("构成什么"), suggest=choices.words, required=True, wide=False),
        Table(
            name="parts",
            label=gettext_lazy("各部分"),
            required=True,
            key=Text(name="key", label=gettext_lazy("哪一部分"), suggest=choices.words, wide=False),
            row=Amount(name="value", label=gettext_lazy("占多少"), units=(PERCENT,), unset=True),
            add=gettext_lazy("加一部分"),
            total=True,
            least=2,
        ),
        Flag(name="partial", label=gettext_lazy("只列出其中几部分，合计不必是 100%")),
        EVERY,
        WHEN,
    ),
    "playbook": (
        _events("trigger", gettext_lazy("由什么触发")),
        Rows(
            name="steps",
            label=gettext_lazy("步骤"),
            required=True,
            least=1,
            moves=True,
            add=gettext_lazy("加一步"),
            row=Group(
                name="",
                fields=(
                    Text(name="title", label=gettext_lazy("做什么"), wide=False),
                    Text(
                        name="name",
                        label=gettext_lazy("代码"),
                        help=gettext_lazy("不填就按名称取"),
                        wide=False,
                    ),
                    Text(name="title_en", label=gettext_lazy("英文名称"), wide=False),
                    Amount(name="within", label=gettext_lazy("多长时间内"), unset=True),
                    _roles("role", gettext_lazy("由谁做")),
                    Codes(name="input", label=gettext_lazy("输入"), suggest=choices.words, wide=False),
                    Codes(name="output", label=gettext_lazy("输出"), suggest=choices.words, wide=False),
                    _events("done", gettext_lazy("什么事件表明做完")),
                    WHEN,
                    Ways(
                        name="next",
                        label=gettext_lazy("移到"),
                        key=Text(name="key", label=gettext_lazy("结果"), wide=False),
                        row=Text(name="value", label=gettext_lazy("步骤"), wide=False),
                    ),
                ),
            ),
        ),
        WHEN,
    ),
}
"""Kind of rule -> its controls in the order of the form; title and name stand before them, ABOUT after."""


def filled(rule: AnyRule, context: Context) -> Flat:
    """The form of a rule as it stands."""
    return filled_plain(rule.kind, rule_plain(rule), context)


def filled_plain(kind: str, plain: Mapping[str, Any], context: Context) -> Flat:
    """The form of what stands in a pack for a rule of a kind, which need not be whole."""
    found: Flat = {"title": [str(plain.get("title", ""))], "name": [str(plain[kind])]}
    for control in (*SHEETS[kind], *ABOUT):
        if control.name in plain:
            found |= control.fill(plain[control.name], control.name, context)
    return found


def understood(kind: str, flat: Flat, context: Context, clause: str) -> tuple[AnyRule | None, Sheet]:
    """The rule that a form says, None when something is wrong; the sheet has what is wrong, by control.

    The reader of packs decides what is right: the form only brings it the values and takes its words to their place.
    """
    sheet = Sheet(flat, context)
    title = sheet.text("title")
    name = sheet.text("name") or (name_of(title) if title else "")
    values: dict[str, Src] = {kind: sheet.leaf(name, "name")} if name else {}
    if not name:
        sheet.wrong("title", _("请写这条规则的名称"))
    if title:
        place = sheet.place("title")
        values["title"] = Src(title, place, title, place)
    for control in (*SHEETS[kind], *ABOUT):
        found = control.read(sheet, control.name)
        if found is not None:
            values[control.name] = found
    if kind == "playbook" and "steps" in values:
        _name_steps(sheet, values["steps"])
    if kind == "commitment" and not {"within", "by"} & set(values) and "within" not in sheet.faults:
        sheet.wrong("within", _("请写多长时间，或选“未定”，或选与哪一时限同时到期"))
    if not name:
        return None, sheet
    own = set(sheet.faults)
    rule, errors = read_rule_tree(Src(values), clause, context.vocabulary)
    known = {"title", "name", *(c.name for c in (*SHEETS[kind], *ABOUT))}
    for error in errors:
        at = sheet.places[error.line - 1] if error.line else error.field.partition(".")[0]
        at = "name" if at == kind else at
        if at.partition(".")[0] not in known:
            at = ""
        if at not in own:
            field = error.field if error.line else ""
            last = field.rpartition(".")[2]
            nested = bool(error.line) and last and last != at.rpartition(".")[2] and not last.isdecimal()
            sheet.wrong(at, f"{_called(kind, last)} {error.message}" if nested else error.message)
    return (rule if not sheet.faults else None), sheet


def _called(kind: str, name: str) -> str:
    """What a field is called in the form of a kind; nothing for one that is no control."""
    return next((str(c.label) for c in SHEETS[kind] if c.name == name), "")


def _name_steps(sheet: Sheet, steps: Src) -> None:
    """A step without a code gets one from its title."""
    taken = {s.value["name"].raw for s in steps.value if "name" in s.value}
    for step in steps.value:
        if "name" not in step.value and "title" in step.value:
            base = name_of(step.value["title"].raw)
            name = next(n for n in (base, *(f"{base}-{i}" for i in range(2, 400))) if n not in taken)
            taken.add(name)
            step.value["name"] = Src(name, step.place, name, step.place)


def drawn(kind: str, sheet: Sheet) -> dict[str, list[Drawn]]:
    """The controls of a form, drawn: the usual ones and those behind "more" (open where one of them is filled)."""
    head: tuple[Control, ...] = (
        Text(name="title", label=gettext_lazy("名称"), required=True, wide=False),
        Text(
            name="name",
            label=gettext_lazy("代码"),
            help=gettext_lazy("小写字母、数字和 -；不填就按名称取"),
            wide=False,
        ),
    )
    usual = [c.draw(sheet, c.name) for c in (*head, *SHEETS[kind]) if not c.more]
    more = [c.draw(sheet, c.name) for c in (*SHEETS[kind], *ABOUT) if c.more]
    return {"usual": usual, "more": more}


def acted(flat: Flat, act: str) -> Flat:
    """The form after one of its own buttons: `add:when`, `drop:when.2`, `up:steps.1`, `down:steps.0`. Anything else
    leaves it as it is."""
    what, _colon, at = act.partition(":")
    if what == "add" and at:
        numbers = rows(flat, at)
        return flat | {f"{at}.{max(numbers, default=-1) + 1}": [""]}
    base, _dot, last = at.rpartition(".")
    numbers, row = rows(flat, base), whole(last)
    if row not in numbers:
        return flat
    place = numbers.index(row)
    if what == "drop":
        return renumbered(flat, base, [n for n in numbers if n != row])
    other = place - 1 if what == "up" else place + 1
    if what in ("up", "down") and 0 <= other < len(numbers):
        numbers[place], numbers[other] = numbers[other], numbers[place]
        return renumbered(flat, base, numbers)
    return flat


def flat_of(posted: Mapping[str, Any]) -> Flat:
    """A posted form (a QueryDict or lists by name) as a flat one, without what belongs to the page."""
    lists = posted.lists() if hasattr(posted, "lists") else posted.items()  # type: ignore[attr-defined]
    return {name: list(values) for name, values in lists if not name.startswith(("_", "csrf"))}

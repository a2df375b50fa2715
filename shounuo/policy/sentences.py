"""A rule in words, in Chinese or English: one sentence that says it, and the details around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shounuo.kernel.durations import Percent, Span
from shounuo.policy import labels
from shounuo.policy.schema import (
    CHAINED,
    DEFAULT_WARN,
    END,
    Alarm,
    AnyRule,
    Authority,
    Cadence,
    Commitment,
    EventSpec,
    Matcher,
    Offset,
    Playbook,
    PlaybookStep,
    Record,
    Target,
    Threshold,
    Unset,
    Weight,
)


def explain(when: Matcher, lang: str | None = None) -> str:
    """The conditions in words ("主渠道：电话、在线客服、工作邮箱；级别：L2"); "" for a rule that binds all."""
    with _speaking(lang):
        conditions = sorted(when.conditions, key=lambda c: _ORDER.get(c.fact, len(_ORDER)))
        return _semi(_condition(c.fact, c.values, c.negated) for c in conditions)


def sentence(rule: AnyRule, lang: str | None = None, *, titles: Mapping[str, str] | None = None) -> str:
    """The rule in one sentence ("自收到客户消息起，30 分钟内须发出回复"), without its conditions.

    `titles`: names of the version's rules -> how they are called, for a rule that points at another.
    """
    with _speaking(lang):
        if isinstance(rule, Commitment):
            text = _commitment(rule, titles or {})
        else:
            text = _SENTENCES[type(rule)](rule)
        return capfirst(text)


def details(rule: AnyRule, lang: str | None = None, *, default_calendar: str = "") -> list[str]:
    """What else there is to say: conditions, calendar, pauses, ladder, gaps. Short phrases, in order of weight."""
    with _speaking(lang):
        found = [explain(rule.when)] if isinstance(rule, _WITH_WHEN) and rule.when else []
        if isinstance(rule, Commitment):
            found += _commitment_details(rule, default_calendar)
        if rule.gaps:
            found.append(_("原文未写明，须由公司填写"))
        return [capfirst(phrase) for phrase in found]


def _speaking(lang: str | None) -> AbstractContextManager[None]:
    return translation.override(lang) if lang else nullcontext()


def _or(texts: Iterable[str]) -> str:
    return _("或").join(texts)


def _list(texts: Iterable[str]) -> str:
    return _("、").join(texts)


def _semi(texts: Iterable[str]) -> str:
    return _("；").join(texts)


def _word(code: str) -> str:
    return labels.small(labels.word(code))


def _role(code: str) -> str:
    return labels.small(labels.role(code))


def _condition(fact: str, values: tuple[Any, ...], negated: bool) -> str:
    name = labels.fact(fact)
    said = _list(labels.value(fact, v) for v in values)
    if negated:
        return _("%(fact)s：非%(values)s") % {"fact": name, "values": said}
    if fact == "automatic" and len(values) == 2:
        return _("含自动回执")
    if fact in labels.BARE:
        return said
    return _("%(fact)s：%(values)s") % {"fact": name, "values": said}


def _event(spec: EventSpec) -> str:
    text = labels.small(labels.event(spec.event))
    inside = [_condition(name, values, False) for name, values in spec.where]
    inside += [_("已填%(field)s") % {"field": _word(name)} for name in spec.has]
    if spec.by:
        text = _("由%(role)s%(event)s") % {"role": _or(_role(r) for r in spec.by), "event": text}
    return _("%(text)s（%(inside)s）") % {"text": text, "inside": _semi(inside)} if inside else text


def _events(specs: tuple[EventSpec, ...]) -> str:
    return _or(_event(s) for s in specs)


def _span(span: Span | Unset | None) -> str:
    return span.words() if isinstance(span, Span) else _("[未设定]")


def _offset(offset: Offset) -> str:
    if offset == Percent(10_000):
        return _("到期时")
    if isinstance(offset, Percent):
        return _("时限的 %(share)s 时") % {"share": offset}
    return _("起算后 %(span)s时") % {"span": offset.words()}


def _commitment(rule: Commitment, titles: Mapping[str, str]) -> str:
    said = {"start": _events(rule.starts), "until": _events(rule.until), "within": _span(rule.within)}
    if rule.due_of:
        return _("自%(start)s起，须在“%(other)s”到期前%(until)s") % {
            **said,
            "other": titles.get(rule.due_of, rule.due_of),
        }
    if rule.after is not None:
        return _("自%(start)s起满 %(after)s后，%(within)s内须%(until)s") % {
            **said,
            "after": rule.after.words(),
        }
    return _("自%(start)s起，%(within)s内须%(until)s") % said


def _commitment_details(rule: Commitment, default_calendar: str) -> list[str]:
    found = []
    calendar = rule.calendar or default_calendar
    if calendar:
        found.append(labels.calendar(calendar))
    if rule.each:
        found.append(_("每次都计"))
    if rule.pause:
        found.append(
            _("%(states)s时暂停")
            % {"states": _list(labels.small(labels.value("status", s)) for s in rule.pause)}
        )
    if rule.cancel:
        found.append(_("%(events)s则取消") % {"events": _events(rule.cancel)})
    if rule.warn != DEFAULT_WARN:
        found.append(_("预警：%(at)s") % {"at": _offset(rule.warn)})
    found += [
        _("%(at)s通知%(to)s") % {"at": _offset(e.at), "to": labels.small(labels.addressee(e.to))}
        for e in rule.escalate
    ]
    found.append(_("目标 %(share)s") % {"share": rule.target})
    return found


def _cadence(rule: Cadence) -> str:
    text = _("%(activity)s：每 %(every)s至少 %(times)d 次") % {
        "activity": _called(rule.activity, rule),
        "every": _span(rule.every),
        "times": rule.times,
    }
    if rule.composition:
        parts = _list(f"{_word(c)} {n}" for c, n in rule.composition)
        text = _("%(text)s（%(parts)s）") % {"text": text, "parts": parts}
    if rule.owner:
        text = _("%(text)s，由%(roles)s负责") % {"text": text, "roles": _list(map(_role, rule.owner))}
    return text


def _record(rule: Record) -> str:
    fields = _list(map(_word, rule.fields))
    if rule.items is not None:
        of = _word(rule.items.of)
        if rule.items.max is None:
            count = _("至少 %(min)d 个%(of)s") % {"min": rule.items.min, "of": of}
        else:
            count = _("%(min)d 至 %(max)d 个%(of)s") % {
                "min": rule.items.min,
                "max": rule.items.max,
                "of": of,
            }
        fields = _semi([count, fields]) if fields else count
    if rule.before:
        return _("%(event)s之前须填写：%(fields)s") % {"event": _events(rule.before), "fields": fields}
    if isinstance(rule.within, Span):
        return _("%(event)s后 %(within)s内须填写：%(fields)s") % {
            "event": _events(rule.after),
            "within": rule.within.words(),
            "fields": fields,
        }
    return _("%(event)s后须填写：%(fields)s") % {"event": _events(rule.after), "fields": fields}


def _number(value: Any) -> str:
    if isinstance(value, Span):
        return value.words()
    if isinstance(value, Decimal):
        return format(value, "f")
    return _("[未设定]") if isinstance(value, Unset) else str(value)


def _threshold(threshold: Threshold) -> str:
    return _("%(op)s %(value)s") % {
        "op": labels.COMPARISONS[threshold.op],
        "value": _number(threshold.value),
    }


def _target(rule: Target) -> str:
    metric = _word(rule.metric)
    if rule.change and isinstance(rule.threshold.value, Unset):
        text = _("%(metric)s较基线变化 %(change)s") % {"metric": metric, "change": rule.change}
    else:
        text = _("%(metric)s须%(threshold)s") % {"metric": metric, "threshold": _threshold(rule.threshold)}
    inside: list[str] = []
    if rule.baseline is not None:
        inside.append(_("基线 %(value)s") % {"value": _number(rule.baseline)})
    if rule.window is not None:
        inside.append(_("按 %(window)s计") % {"window": _span(rule.window)})
    if rule.horizon is not None:
        if rule.horizon_min is not None:
            inside.append(
                _("%(least)s至 %(most)s内达到")
                % {"least": rule.horizon_min.words(), "most": rule.horizon.words()}
            )
        else:
            inside.append(_("%(most)s内达到") % {"most": rule.horizon.words()})
    if rule.benchmark is not None:
        inside.append(
            _("基准 %(value)s，%(source)s")
            % {
                "value": _number(rule.benchmark.value),
                "source": labels.spoken(rule.benchmark.source, rule.benchmark.source_en),
            }
        )
    return _("%(text)s（%(inside)s）") % {"text": text, "inside": _semi(inside)} if inside else text


def _alarm(rule: Alarm) -> str:
    if rule.trigger:
        cause = _events(rule.trigger)
    elif rule.absent:
        cause = _("没有一条可计入%(metric)s的数据") % {"metric": _word(rule.metric)}
    else:
        cause = _("，且").join(_ways(rule))
    if rule.window is not None:
        cause = _("%(window)s内%(cause)s") % {"window": _span(rule.window), "cause": cause}
    if rule.consecutive is not None:
        cause = _("%(cause)s，持续 %(span)s") % {"cause": cause, "span": rule.consecutive.words()}
    said = {"cause": cause, "who": _list(map(_role, rule.notify))}
    if rule.level:
        return _("%(cause)s时，发出%(level)s，通知%(who)s") % {**said, "level": labels.LEVELS[rule.level]}
    return _("%(cause)s时，通知%(who)s") % said


def _ways(rule: Alarm) -> Iterable[str]:
    """What must hold of the figure, each way that the rule names."""
    metric = _word(rule.metric)
    if rule.threshold is not None:
        threshold = rule.threshold
        if rule.metric == CHAINED and isinstance(threshold.value, Decimal):  # it counts days
            threshold = replace(threshold, value=Span.parse(f"P{int(threshold.value)}D"))
        yield _("%(metric)s%(threshold)s") % {"metric": metric, "threshold": _threshold(threshold)}
    if rule.change:
        said = {"metric": metric, "change": rule.change[1:]}
        rises = rule.change[0] == "+"
        yield (
            _("%(metric)s环比上升 %(change)s 以上") if rises else _("%(metric)s环比下降 %(change)s 以上")
        ) % said
    if rule.trend:
        yield _("%(metric)s%(trend)s") % {"metric": metric, "trend": labels.TRENDS.get(rule.trend, "")}


def _authority(rule: Authority) -> str:
    text = _("%(who)s可%(grant)s") % {
        "who": _list(map(_role, rule.who)),
        "grant": _called(rule.grant, rule),
    }
    if rule.over is not None:
        text = _("%(text)s，超过 %(amount)s") % {"text": text, "amount": labels.amount(rule.over)}
    if rule.up_to is not None:
        text = _("%(text)s，每%(per)s合计不超过 %(amount)s") % {
            "text": text,
            "per": labels.PER[rule.per],
            "amount": labels.amount(rule.up_to),
        }
    if rule.approver:
        text = _("%(text)s，再高由%(approver)s批准") % {
            "text": text,
            "approver": _list(map(_role, rule.approver)),
        }
    return text


def _weight(rule: Weight) -> str:
    parts = _list(f"{_word(code)} {_number(share)}" for code, share in rule.parts)
    return (
        _("%(of)s由%(parts)s构成") % {"of": _called(rule.of, rule), "parts": parts}
        if not rule.partial
        else (_("%(of)s中%(parts)s") % {"of": _called(rule.of, rule), "parts": parts})
    )


def _playbook(rule: Playbook) -> str:
    names = {s.name: labels.spoken(s.title, s.title_en) or _word(s.name) for s in rule.steps} | {
        END: _("结束")
    }
    steps = " → ".join(_step(s, names) for s in rule.steps)
    if rule.trigger:
        return _("%(event)s后依次：%(steps)s") % {"event": _events(rule.trigger), "steps": steps}
    return _("依次：%(steps)s") % {"steps": steps}


def _step(step: PlaybookStep, names: Mapping[str, str]) -> str:
    """A step with when it is taken and where it leads, if not simply on."""
    how = [explain(step.when)] if step.when else []
    for outcome, to in step.next:
        if outcome:
            how.append(_("%(outcome)s到%(step)s") % {"outcome": _word(outcome), "step": names.get(to, to)})
        else:
            how.append(_("然后到%(step)s") % {"step": names.get(to, to)})
    name = names[step.name]
    return _("%(step)s（%(how)s）") % {"step": name, "how": _semi(how)} if how else name


def _called(code: str, rule: Cadence | Authority | Weight) -> str:
    """What a rule is about: the product's word for it, else the rule's own title, else the code."""
    return (
        _word(code)
        if code in labels.WORDS
        else labels.small(labels.spoken(rule.title, rule.title_en)) or code
    )


_ORDER = {fact: i for i, fact in enumerate(labels.ORDER)}
_WITH_WHEN = (Commitment, Cadence, Record, Target, Alarm, Authority, Weight, Playbook)
_SENTENCES: dict[type, Any] = {
    Cadence: _cadence,
    Record: _record,
    Target: _target,
    Alarm: _alarm,
    Authority: _authority,
    Weight: _weight,
    Playbook: _playbook,
}

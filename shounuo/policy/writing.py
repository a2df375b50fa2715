"""From the typed form back to plain data and YAML, so that reading it again gives an equal pack."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import yaml

from shounuo.policy.schema import (
    DEFAULT_TARGET,
    DEFAULT_WARN,
    Alarm,
    AnyRule,
    Authority,
    Benchmark,
    Cadence,
    Clause,
    Commitment,
    EventSpec,
    Evidence,
    Matcher,
    Pack,
    Plain,
    Playbook,
    PlaybookStep,
    Practice,
    Record,
    Scalar,
    Target,
    Threshold,
    Weight,
)


def rule_body(rule: AnyRule) -> Plain:
    """The rule as JSON data without its kind and name: what the database keeps and `reading.rule_of` reads."""
    plain = rule_plain(rule)
    del plain[rule.kind]
    return plain


def rule_plain(rule: AnyRule) -> Plain:
    """The rule as it stands in a pack; fields at their default are left out."""
    plain: Plain = {rule.kind: rule.name}
    for key in ("title", "title_en", "note"):
        _put(plain, key, getattr(rule, key))
    _put(plain, "covers", list(rule.covers))
    plain.update(_WRITERS[type(rule)](rule))
    return plain


def practice_plain(practice: Practice) -> Plain:
    """The practice as it stands in a pack, and as the database keeps it."""
    return _without(
        {
            "practice": practice.text,
            "practice_en": practice.text_en,
            "risk": practice.risk,
            "risk_en": practice.risk_en,
            "outcome": practice.outcome,
            "outcome_en": practice.outcome_en,
            "covers": list(practice.covers),
            "evidence": [evidence_plain(e) for e in practice.evidence],
        }
    )


def evidence_plain(evidence: Evidence) -> Plain:
    """The evidence as it stands in a pack, and as the database keeps it: its kind is the key of its text."""
    return _without(
        {
            evidence.kind: evidence.text,
            "en": evidence.text_en,
            "event": _many(evidence.events),
            "code": evidence.metric,
            "covers": list(evidence.covers),
        }
    )


def pack_plain(pack: Pack) -> Plain:
    """The pack as plain data, in the order of the format's documentation."""
    plain: Plain = {"pack": pack.code, "title": pack.title}
    _put(plain, "title_en", pack.title_en)
    plain["version"] = pack.version
    _put(plain, "note", pack.note)
    plain["default_calendar"] = pack.default_calendar
    _put(
        plain,
        "chapters",
        [_without({"number": c.number, "title": c.title, "title_en": c.title_en}) for c in pack.chapters],
    )
    plain["clauses"] = [_clause(c) for c in pack.clauses]
    _put(plain, "not_built", dict(pack.not_built))
    return plain


def dump(pack: Pack) -> str:
    """The pack as YAML, identical in meaning to what it was read from."""
    return yaml.dump(
        pack_plain(pack),
        Dumper=_Dumper,
        allow_unicode=True,
        sort_keys=False,
        width=118,
        default_flow_style=None,
    )


def _clause(clause: Clause) -> Plain:
    return _without(
        {
            "id": clause.id,
            "chapter": clause.chapter,
            "title": clause.title,
            "title_en": clause.title_en,
            "wording": clause.wording,
            "wording_en": clause.wording_en,
            "source": clause.source,
            "covers": list(clause.covers),
            "practices": [practice_plain(p) for p in clause.practices],
            "evidence": [evidence_plain(e) for e in clause.evidence],
            "rules": [rule_plain(r) for r in clause.rules],
        }
    )


def _put(plain: Plain, key: str, value: Any) -> None:
    if value not in ("", None, [], {}, False):
        plain[key] = value


def _without(plain: Plain) -> Plain:
    """The mapping without empty values."""
    found: Plain = {}
    for key, value in plain.items():
        _put(found, key, value)
    return found


def _many(values: Iterable[Any]) -> Any:
    """One value as itself, several as a list, none as nothing."""
    listed = list(values)
    return listed[0] if len(listed) == 1 else listed


def _event(spec: EventSpec) -> Any:
    if not (spec.where or spec.has or spec.by):
        return spec.event
    plain: Plain = {"event": spec.event}
    plain.update({name: _many(values) for name, values in spec.where})
    _put(plain, "has", _many(spec.has))
    _put(plain, "by", _many(spec.by))
    return plain


def _events(specs: tuple[EventSpec, ...]) -> Any:
    return _many(_event(s) for s in specs)


def _when(matcher: Matcher) -> Plain:
    plain: Plain = {}
    for condition in matcher.conditions:
        values: Scalar | list[Scalar] = _many(condition.values)
        plain[condition.fact] = {"not": values} if condition.negated else values
    return plain


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> Any:
    """A number as a number where YAML keeps it exactly, otherwise as text."""
    if not isinstance(value, Decimal):
        return _text(value)
    if value == value.to_integral_value():
        return int(value)
    return float(value) if Decimal(repr(float(value))) == value else format(value, "f")


def _ladder(rule: Commitment | Cadence) -> Plain:
    plain: Plain = {}
    if rule.warn != DEFAULT_WARN:
        plain["warn"] = str(rule.warn)
    _put(plain, "escalate", [{"at": str(e.at), "to": e.to} for e in rule.escalate])
    return plain


def _commitment(rule: Commitment) -> Plain:
    plain = _without(
        {
            "subject": rule.subject,
            "from": _events(rule.starts),
            "until": _events(rule.until),
            "cancel": _events(rule.cancel),
            "within": _text(rule.within),
            "by": {"due_of": rule.due_of} if rule.due_of else None,
            "after": _text(rule.after),
            "each": rule.each,
            "pause": _many(rule.pause),
            "calendar": rule.calendar,
            "when": _when(rule.when),
            **_ladder(rule),
        }
    )
    if rule.target != DEFAULT_TARGET:
        plain["target"] = str(rule.target)
    return plain


def _cadence(rule: Cadence) -> Plain:
    return _without(
        {
            "activity": rule.activity,
            "every": _text(rule.every),
            "times": rule.times if rule.times != 1 else None,
            "owner": _many(rule.owner),
            "per": rule.per if rule.per != "organisation" else None,
            "composition": dict(rule.composition),
            "done": _events(rule.done),
            "when": _when(rule.when),
            **_ladder(rule),
        }
    )


def _record(rule: Record) -> Plain:
    plain = {
        "subject": rule.subject,
        "fields": list(rule.fields),
        "items": None,
        "before": _events(rule.before),
        "after": _events(rule.after),
        "within": _text(rule.within),
        "calendar": rule.calendar,
        "when": _when(rule.when),
        "owner": _many(rule.owner),
    }
    if rule.items is not None:
        items: Plain = {"of": rule.items.of}
        if rule.items.min:
            items["min"] = rule.items.min
        if rule.items.max is not None:
            items["max"] = rule.items.max
        plain["items"] = items
    return _without(plain)


def _threshold(threshold: Threshold | None) -> Plain:
    return {} if threshold is None else {"op": threshold.op, "value": _number(threshold.value)}


def _benchmark(benchmark: Benchmark | None) -> Plain | None:
    if benchmark is None:
        return None
    return {
        "value": _number(benchmark.value),
        "source": benchmark.source,
        **_without({"source_en": benchmark.source_en}),
    }


def _target(rule: Target) -> Plain:
    return {
        "metric": rule.metric,
        **_threshold(rule.threshold),
        **_without({"change": rule.change}),
        **({} if rule.baseline is None else {"baseline": _number(rule.baseline)}),
        **_without(
            {
                "window": _text(rule.window),
                "horizon": _text(rule.horizon),
                "horizon_min": _text(rule.horizon_min),
                "least": rule.least,
                "benchmark": _benchmark(rule.benchmark),
                "owner": _many(rule.owner),
                "when": _when(rule.when),
            }
        ),
    }


def _alarm(rule: Alarm) -> Plain:
    return {
        **_without({"metric": rule.metric}),
        **_threshold(rule.threshold),
        **_without(
            {
                "trend": rule.trend,
                "change": rule.change,
                "absent": rule.absent or None,
                "trigger": _events(rule.trigger),
                "window": _text(rule.window),
                "consecutive": _text(rule.consecutive),
                "least": rule.least,
                "level": rule.level,
                "notify": _many(rule.notify),
                "via": _many(rule.via),
                "plan": rule.plan,
                "when": _when(rule.when),
            }
        ),
    }


def _authority(rule: Authority) -> Plain:
    return _without(
        {
            "grant": rule.grant,
            "who": _many(rule.who),
            "up_to": _text(rule.up_to),
            "over": _text(rule.over),
            "per": rule.per if rule.per != "case" else None,
            "approver": _many(rule.approver),
            "when": _when(rule.when),
        }
    )


def _weight(rule: Weight) -> Plain:
    return _without(
        {
            "of": rule.of,
            "parts": {code: str(share) for code, share in rule.parts},
            "partial": rule.partial,
            "every": _text(rule.every),
            "when": _when(rule.when),
        }
    )


def _step(step: PlaybookStep) -> Plain:
    return _without(
        {
            "name": step.name,
            "title": step.title,
            "title_en": step.title_en,
            "role": _many(step.role),
            "input": _many(step.input),
            "output": _many(step.output),
            "within": _text(step.within),
            "done": _events(step.done),
            "when": _when(step.when),
            "next": _ways(step.next),
        }
    )


def _ways(ways: tuple[tuple[str, str], ...]) -> str | dict[str, str] | None:
    if not ways:
        return None
    return ways[0][1] if not ways[0][0] else dict(ways)


def _playbook(rule: Playbook) -> Plain:
    return {
        "steps": [_step(s) for s in rule.steps],
        **_without({"trigger": _events(rule.trigger), "when": _when(rule.when)}),
    }


_WRITERS: dict[type, Any] = {
    Commitment: _commitment,
    Cadence: _cadence,
    Record: _record,
    Target: _target,
    Alarm: _alarm,
    Authority: _authority,
    Weight: _weight,
    Playbook: _playbook,
}


class _Dumper(yaml.SafeDumper):
    """Shares nothing (aliases are refused on reading) and writes several lines as a block."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text_node)

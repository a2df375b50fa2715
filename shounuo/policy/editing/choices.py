"""What a rule's form offers to choose from, in the reader's words."""

from __future__ import annotations

from shounuo.metrics import registry as metrics
from shounuo.policy import labels
from shounuo.policy.editing.flat import Choices, Context, Sheet
from shounuo.policy.labels.conditions import FACTS, VALUES
from shounuo.policy.schema import (
    ADDRESSEES,
    ALARM_LEVELS,
    CHAINED,
    COMPARISONS,
    PER,
    TRENDS,
    Alarm,
    Commitment,
    Playbook,
)
from shounuo.policy.vocabulary import ROLES, Fact

WAYS = ("app", "mail", "sms", "dingtalk", "wecom", "feishu", "phone")


def subjects(context: Context) -> Choices:
    """The kinds of thing that a rule may be about, those that most rules are about first."""
    known = set(context.vocabulary.subjects())
    named = [code for code in labels.SUBJECTS if code in known]
    return [(code, labels.subject(code)) for code in [*named, *sorted(known - set(named))]]


def events(context: Context) -> Choices:
    """The events that may happen to the subject, those that rules have words for first, by name; of a part to come
    with the part's name."""
    vocabulary = context.vocabulary
    found = []
    for kind in vocabulary.event_kinds():
        to = vocabulary.happens_to.get(kind, "*")
        if context.subject and to not in ("*", context.subject):
            continue
        said = labels.event(kind)
        if kind not in vocabulary.known:
            said = f"{said} · {labels.part(vocabulary.foreseen[kind].part)}"
        found.append((kind not in vocabulary.known, kind not in labels.EVENTS, said, kind))
    return [(kind, said) for _later, _rare, said, kind in sorted(found)]


def roles(context: Context) -> Choices:
    return [(code, labels.role(code)) for code in sorted(context.vocabulary.roles, key=_known_first)]


def _known_first(code: str) -> tuple[int, str]:
    order = list(ROLES)
    return (order.index(code) if code in order else len(order), code)


def addressees(context: Context) -> Choices:
    return [
        *((code, labels.addressee(code)) for code in ADDRESSEES),
        *((f"role:{code}", said) for code, said in roles(context)),
    ]


def states(context: Context) -> Choices:
    found = context.vocabulary.states(context.subject) or ()
    return [(code, labels.value("status", code)) for code in found]


def calendars(context: Context) -> Choices:
    return context.calendars


def commitments(context: Context) -> Choices:
    """The time limits of the pack that a rule may borrow its due from."""
    found = {
        r.name: labels.spoken(r.title, r.title_en) or r.name
        for _clause, r in context.pack.rules()
        if isinstance(r, Commitment) and not r.due_of and r.name != context.rule
    }
    return sorted(found.items(), key=lambda pair: pair[1])


def playbooks(context: Context) -> Choices:
    found = {
        r.name: labels.spoken(r.title, r.title_en) or r.name
        for _clause, r in context.pack.rules()
        if isinstance(r, Playbook)
    }
    found |= {r.plan: r.plan for _clause, r in context.pack.rules() if isinstance(r, Alarm) and r.plan}
    return sorted(found.items())


def figures(_context: Context) -> Choices:
    """The metrics of the catalogue, by name."""
    found = [(m.code, str(m.name)) for m in metrics.catalogue()]
    return [*sorted(found, key=lambda pair: pair[1]), (CHAINED, labels.word(CHAINED))]


def words(_context: Context) -> Choices:
    """Codes that have a name: activities, grants, parts of weights, fields of records."""
    return [(code, str(said)) for code, said in labels.WORDS.items()]


def covers(context: Context) -> Choices:
    return [(row, row) for row in context.covers]


def per(_context: Context) -> Choices:
    return [(code, str(labels.PER[code])) for code in PER]


def comparisons(_context: Context) -> Choices:
    return [(code, str(labels.COMPARISONS[code])) for code in COMPARISONS]


def levels(_context: Context) -> Choices:
    return [(code, str(labels.LEVELS[code])) for code in ALARM_LEVELS]


def trends(_context: Context) -> Choices:
    return [(code, str(labels.TRENDS[code])) for code in TRENDS]


def ways(_context: Context) -> Choices:
    return [(code, labels.word(code)) for code in WAYS]


# Conditions: names and closed lists of values


def facts(context: Context, _sheet: Sheet, _at: str) -> Choices:
    """The facts of the subject; of a rule that binds no subject, all that have a name and what figures are cut by."""
    known = context.vocabulary.facts(context.subject) if context.subject else None
    if known is not None:
        return [*((name, labels.fact(name)) for name in known), *context.facts]
    found = {name: str(said) for name, said in FACTS.items()}
    found |= {code: str(d.label) for code, d in metrics.dimensions().items() if code not in found}
    return [*sorted(found.items(), key=lambda pair: pair[1]), *context.facts]


def fact_values(context: Context, _sheet: Sheet, _at: str, name: str) -> Choices | None:
    """The values of a fact where they are a closed list."""
    known = context.vocabulary.facts(context.subject) if context.subject else None
    return _values(name, known.get(name) if known is not None else None)


def payload(context: Context, sheet: Sheet, at: str) -> Choices:
    """What the event of a row carries."""
    fields = _payload(context, sheet, at)
    return [(name, labels.fact(name)) for name in fields]


def payload_values(context: Context, sheet: Sheet, at: str, name: str) -> Choices | None:
    return _values(name, _payload(context, sheet, at).get(name))


def _payload(context: Context, sheet: Sheet, at: str) -> dict[str, Fact]:
    kind = sheet.text(at.removesuffix(".where") + ".event")
    if not kind or not context.vocabulary.knows_event(kind):
        return {}
    return dict(context.vocabulary.payload(kind) or {})


def _values(name: str, fact: Fact | None) -> Choices | None:
    if fact is None:
        return None
    if fact.type is bool:
        return [("true", labels.value(name, True)), ("false", labels.value(name, False))]
    return [(str(v), labels.value(name, v)) for v in fact.values] if fact.values else None


def suggested(name: str) -> Choices:
    """Values of a fact that have a name, to be proposed where any may be typed."""
    return [(str(v), str(said)) for (fact, v), said in VALUES.items() if fact == name and isinstance(v, str)]

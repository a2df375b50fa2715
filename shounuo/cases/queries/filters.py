"""SQL of a query in its normal form (`rules.filters`). Every value is a parameter, every column is named here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.search import SearchQuery
from django.db.models import Q

from shounuo.cases.models import Case, Mention, SearchText, Topic
from shounuo.cases.rules import filters, states
from shounuo.kernel.actors import Actor
from shounuo.kernel.text import search_query, whole
from shounuo.staff.queries import organisation

_COLUMNS = {
    "kind": "kind",
    "level": "level",
    "severity": "severity",
    "complexity": "complexity",
    "priority": "priority",
    "channel": "channel",
    "channel_class": "channel_class",
}
_IDS = {
    "mailbox": "mailbox_id",
    "customer": "customer_id",
    "company": "customer__company_id",
    "number": "number",
}
_MOMENTS = {
    "opened": "opened_at",
    "updated": "updated_at",
    "resolved": "resolved_at",
    "closed": "closed_at",
    "due": "next_due_at",
}


def matching(query: filters.Normal, actor: Actor, at: datetime) -> Q:
    """The conditions of a normal query for this actor at this moment ("me", "mine" and spans depend on them)."""
    found = Q()
    for name, operators in query.items():
        if name == "sort":
            continue
        for operator, values in operators.items():
            if name in _MOMENTS:
                found &= _moment(_MOMENTS[name], operator, values[0], at)
                continue
            one = Q()
            for value in values:
                one |= _one(name, value, actor, at)
            found &= ~one if operator == "not" else one
    return found


def _one(name: str, value: Any, actor: Actor, at: datetime) -> Q:
    if name in _COLUMNS:
        return Q(**{_COLUMNS[name]: "" if value == filters.NONE else value})
    if name in _IDS:
        return Q(**{_IDS[name]: value})
    if name.startswith(filters.CUSTOM):
        return _custom(name[len(filters.CUSTOM) :], value)
    return _SPECIAL[name](value, actor, at)


def _custom(code: str, value: Any) -> Q:
    """What a field holds: of a text in digits also the number, since a field of numbers keeps those and an address has texts."""
    number = whole(value) if isinstance(value, str) else None
    said = Q(custom__contains={code: value})
    return said if number is None else said | Q(custom__contains={code: number})


def _status(value: Any, _actor: Actor, _at: datetime) -> Q:
    return Q(status__in=states.ACTIVE) if value == "active" else Q(status=value)


def _owner(value: Any, actor: Actor, _at: datetime) -> Q:
    if value == filters.NONE:
        return Q(owner=None)
    return Q(owner_id=_me(value, actor))


def _team(value: Any, actor: Actor, _at: datetime) -> Q:
    if value == filters.NONE:
        return Q(team=None)
    if value == filters.MINE:
        return Q(team_id__in=sorted(actor.team_ids))
    return Q(team_id=value) if isinstance(value, int) else Q(team__code=value)


def _topic(value: Any, _actor: Actor, _at: datetime) -> Q:
    """The topic and all beneath it."""
    if value == filters.NONE:
        return Q(topic=None)
    root = Topic.objects.filter(**({"pk": value} if isinstance(value, int) else {"code": value})).first()
    if root is None:
        return Q(pk__in=[])
    return Q(topic_id=root.pk) | Q(topic__path__startswith=root.path + "/")


def _helper(value: Any, actor: Actor, _at: datetime) -> Q:
    helping = Case.helpers.through.objects.filter(person_id=_me(value, actor))
    return Q(pk__in=helping.values("case_id"))


def _mentioned(value: Any, actor: Actor, _at: datetime) -> Q:
    return Q(pk__in=Mention.objects.filter(person_id=_me(value, actor)).values("case_id"))


def _risk(value: Any, _actor: Actor, at: datetime) -> Q:
    risk = at_risk(at)
    return risk if value else ~risk


def _text(value: Any, _actor: Actor, _at: datetime) -> Q:
    asked = search_query(str(value))
    if not asked:
        return Q(pk__in=[])
    query = SearchQuery(asked, config="simple", search_type="raw")
    return Q(pk__in=SearchText.objects.filter(document=query).values("case_id"))


_SPECIAL: dict[str, Callable[[Any, Actor, datetime], Q]] = {
    "status": _status,
    "owner": _owner,
    "team": _team,
    "topic": _topic,
    "helper": _helper,
    "mentioned": _mentioned,
    "risk": _risk,
    "text": _text,
    "tag": lambda value, _actor, _at: Q(tags__contains=[value]),
    "overdue": lambda value, _actor, _at: Q(overdue=value),
    "unanswered": lambda value, _actor, _at: Q(unanswered=value),
}


def at_risk(at: datetime) -> Q:
    """Not solved, and late or past its warning."""
    return Q(status__in=states.ACTIVE) & pressing(at)


def pressing(at: datetime) -> Q:
    """Of an open case: late or past its warning."""
    return Q(overdue=True) | Q(next_warn_at__lte=at) | Q(next_due_at__lte=at)


def _me(value: Any, actor: Actor) -> int:
    return int((actor.person_id or 0) if value == filters.ME else value)


def _moment(column: str, operator: str, value: Any, at: datetime) -> Q:
    """`from` and `to` take days of the organisation's zone or moments; a day `to` includes it. `within` P7D: from
    seven days ago until now, for `due`: from now on for seven days."""
    if operator == "within":
        span = timedelta(days=int(value[1:-1]))
        ends = (at, at + span) if column == "next_due_at" else (at - span, at)
        return Q(**{f"{column}__gte": ends[0], f"{column}__lte": ends[1]})
    if len(value) == 10:
        day = date.fromisoformat(value)
        if operator == "to":
            return Q(**{f"{column}__lt": _starts(day + timedelta(days=1))})
        return Q(**{f"{column}__gte": _starts(day)})
    moment = datetime.fromisoformat(value)
    return Q(**{f"{column}__{'gte' if operator == 'from' else 'lte'}": moment})


def _starts(day: date) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(organisation().zone))

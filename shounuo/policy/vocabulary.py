"""The words a pack may use: kinds of events, subjects with their facts and states, roles.

Events come from the registry (known) and from `foreseen` (of a part not built yet); the same for subjects. Facts are
listed here because a matcher must be checked before anything has happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from shounuo.events import registry, subjects
from shounuo.policy.foreseen import FORESEEN, FORESEEN_SUBJECTS, Foreseen

_WANTED: dict[type, Any] = {
    bool: _("应为 true 或 false，不是“%(value)s”"),
    int: _("应为整数，不是“%(value)s”"),
    str: _("应为文字，不是“%(value)s”"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What a fact or payload field may be: its type (`object` = any) and its values where they are a closed list."""

    type: type = str
    values: tuple[Any, ...] = ()

    @property
    def wanted(self) -> Any:
        return _WANTED.get(self.type, _("“%(value)s”不可用"))


_ANY = Fact(object)
CASE_STATES = ("new", "open", "waiting_customer", "waiting_internal", "resolved", "closed")
DUTY_STATES = ("open", "done", "missed", "cancelled")
GRANT_STATES = ("asked", "granted", "refused", "withdrawn")
CHANNELS = ("mail", "form", "api", "phone", "visit", "chat", "sms", "wechat", "social", "letter")

FACTS: dict[str, dict[str, Fact]] = {
    "case": {
        "channel": Fact(str, CHANNELS),
        "channel_class": Fact(str, ("primary", "secondary")),
        "kind": Fact(str, ("inquiry", "request", "complaint", "aftersales", "praise", "suggestion")),
        "level": Fact(str, ("L1", "L2", "L3")),
        "severity": Fact(str, ("general", "serious", "major")),
        "complexity": Fact(str, ("simple", "general", "complex")),
        "status": Fact(str, CASE_STATES),
        "priority": Fact(str, ("low", "normal", "high", "urgent")),
        "team": Fact(),
        "topic": Fact(),
        "tags": Fact(),
        "segment": Fact(),
        "agreement": Fact(),
        "first_agent": Fact(bool),
        "mailbox": Fact(int),
    },
    "duty": {
        "kind": Fact(),
        "status": Fact(str, DUTY_STATES),
        "team": Fact(),
        "dept": Fact(),
        "role": Fact(),
        "owner": Fact(int),
        "item": Fact(),
        "outcome": Fact(),
    },
    "grant": {"kind": Fact(), "status": Fact(str, GRANT_STATES), "role": Fact()},
}
STATES: dict[str, tuple[str, ...]] = {"case": CASE_STATES, "duty": DUTY_STATES, "grant": GRANT_STATES}

ROLES: dict[str, Any] = {
    "agent": _("客服专员"),
    "senior_agent": _("资深客服"),
    "tech_support": _("技术支持"),
    "field_engineer": _("售后工程师"),
    "account_manager": _("客户经理"),
    "supervisor": _("客服主管"),
    "team_leader": _("团队负责人"),
    "manager": _("客服经理"),
    "director": _("服务总监"),
    "general_manager": _("总经理"),
    "management": _("公司管理层"),
    "qa": _("质检"),
    "trainer": _("培训师"),
    "planner": _("排班"),
    "editor": _("知识编辑"),
    "dept_head": _("部门负责人"),
    "tech_lead": _("技术负责人"),
    "supervision_group": _("内部监督小组"),
    "process_team": _("流程优化小组"),
    "hr": _("人力资源"),
    "marketing": _("市场"),
    "legal": _("法务"),
    "product": _("产品"),
    "logistics": _("物流"),
    "finance": _("财务"),
    "tech": _("技术"),
    "sales": _("销售"),
    "project_manager": _("项目经理"),
    "data_analyst": _("数据分析师"),
    "deputy_general_manager": _("副总经理"),
    "admin": _("管理员"),
    "customer": _("客户"),
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words at one moment. `known`: event kind -> its payload fields, `happens_to`: event kind -> the kind of
    subject it happens to where that is settled ("*" = any); `fields` and `items`: what records of a subject may be
    asked for; tests build their own."""

    known: Mapping[str, Mapping[str, Fact]]
    known_subjects: frozenset[str]
    foreseen: Mapping[str, Foreseen] = field(default_factory=lambda: FORESEEN)
    foreseen_subjects: Mapping[str, str] = field(default_factory=lambda: FORESEEN_SUBJECTS)
    roles: frozenset[str] = frozenset(ROLES)
    happens_to: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def event_kinds(self) -> list[str]:
        return sorted({*self.known, *self.foreseen})

    def knows_event(self, kind: str) -> bool:
        return kind in self.known or kind in self.foreseen

    def payload(self, kind: str) -> Mapping[str, Fact] | None:
        """Fields of the kind's payload; None when they are not settled yet."""
        if kind in self.known:
            return self.known[kind]
        fields = self.foreseen[kind].payload
        return dict.fromkeys(fields, _ANY) if fields is not None else None

    def subjects(self) -> list[str]:
        return sorted({*self.known_subjects, *self.foreseen_subjects})

    def facts(self, subject: str) -> Mapping[str, Fact] | None:
        """Facts of a subject by name; None when they are not settled yet."""
        return FACTS.get(subject)

    def states(self, subject: str) -> tuple[str, ...] | None:
        return STATES.get(subject)

    def unknown_fields(self, subject: str, names: Iterable[str], item: str = "") -> tuple[str, ...]:
        """Those of the fields (of an item of the subject, where its sort is named) that nobody has."""
        if not item:
            known = self.fields.get(subject, frozenset())
            return tuple(name for name in names if name not in known)
        sorts = self.items.get(subject, {})
        return tuple(name for name in names if name not in sorts[item]) if item in sorts else (item,)

    def parts_awaited(self, events: Iterable[str], subject: str | None = None) -> tuple[str, ...]:
        """The parts not built yet that bring these events and this subject; none = all is there."""
        parts = {self.foreseen[e].part for e in events if e not in self.known and e in self.foreseen}
        if subject is not None and subject not in self.known_subjects and subject in self.foreseen_subjects:
            parts.add(self.foreseen_subjects[subject])
        return tuple(sorted(parts))


class _Every(frozenset):
    """Contains whatever is asked for."""

    def __contains__(self, _item: object) -> bool:
        return True


class _Trusted(Vocabulary):
    """Takes every word: for bodies that were checked when they came in."""

    __slots__ = ()

    def knows_event(self, kind: str) -> bool:
        return True

    def payload(self, kind: str) -> None:
        return None

    def subjects(self) -> list[str]:
        return []

    def facts(self, subject: str) -> None:
        return None

    def states(self, subject: str) -> None:
        return None


TRUSTED: Vocabulary = _Trusted({}, frozenset(), roles=_Every())


def current(
    extra_roles: Iterable[str] = (), own_fields: Mapping[str, Iterable[str]] | None = None
) -> Vocabulary:
    """The words of this process: what its apps have declared, and the organisation's own roles and fields (by subject)."""
    there = {kind: subject for kind in subjects.kinds() if (subject := subjects.get(kind)) is not None}
    known = {
        name: {f: _fact(types) for f, types in kind.payload.items()}
        for name, kind in registry.kinds().items()
    }
    return Vocabulary(
        known,
        frozenset(subjects.kinds()),
        roles=frozenset(ROLES) | frozenset(extra_roles),
        happens_to={name: kind.subject for name, kind in registry.kinds().items()},
        fields={
            kind: subject.fields.union((own_fields or {}).get(kind, ())) for kind, subject in there.items()
        },
        items={kind: subject.items for kind, subject in there.items()},
    )


def _fact(types: type | tuple[type, ...]) -> Fact:
    plain = {t for t in (types if isinstance(types, tuple) else (types,)) if t is not type(None)}
    if len(plain) == 1 and (only := plain.pop()) in (str, int, bool):
        return Fact(only)
    return _ANY

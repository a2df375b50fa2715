"""One act on many cases; each succeeds or fails by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shounuo.cases.queries.visibility import not_found, visible_to
from shounuo.cases.services import classification, fields, messages, ownership, states
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, Problem

MAX_CASES = 200

# What a list offers, and the parameters that each takes.
ACTIONS: dict[str, tuple[Callable[..., Any], frozenset[str]]] = {
    "take": (ownership.case_take, frozenset()),
    "accept": (ownership.case_accept, frozenset()),
    "assign": (ownership.case_assign, frozenset({"person_id", "team_id"})),
    "transfer": (ownership.case_transfer, frozenset({"person_id", "team_id", "reason"})),
    "classify": (
        classification.case_classify,
        frozenset({"kind", "level", "severity", "complexity", "priority", "topic_id"}),
    ),
    "tags": (fields.tags_set, frozenset({"tags", "keep"})),
    "note": (messages.note_add, frozenset({"text"})),
    "reply": (messages.reply_send, frozenset({"text", "then"})),
    "wait": (states.case_wait, frozenset({"on", "reason", "until"})),
    "resume": (states.case_resume, frozenset()),
    "resolve": (states.case_resolve, frozenset({"text"})),
    "close": (states.case_close, frozenset()),
    "reopen": (states.case_reopen, frozenset({"reason"})),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one case: `problem` says why it was left as it is."""

    case_id: int
    number: int | None
    problem: Problem | None

    @property
    def ok(self) -> bool:
        return self.problem is None


def cases_bulk(
    *, case_ids: Iterable[int], action: str, params: Mapping[str, Any], actor: Actor, at: datetime
) -> list[Outcome]:
    """Does the act on each case, each in a transaction of its own, in the order of their ids; up to 200."""
    ids = sorted(set(case_ids))
    if len(ids) > MAX_CASES:
        raise Invalid(_("一次最多处理 %(max)s 张工单") % {"max": MAX_CASES}, field="cases", code="too_many")
    if action not in ACTIONS:
        raise Invalid(
            _("“%(value)s”不能批量进行") % {"value": str(action)[:40]}, field="action", code="bad_choice"
        )
    act, known = ACTIONS[action]
    unknown = sorted(str(k) for k in params.keys() - known)
    if unknown:
        raise Invalid(
            _("“%(value)s”不在可选范围内") % {"value": unknown[0][:40]},
            field=unknown[0][:40],
            code="bad_parameter",
        )
    numbers = dict(visible_to(actor).filter(pk__in=ids).values_list("pk", "number"))
    return [_one(i, numbers.get(i), act, params, actor, at) for i in ids]


def _one(
    case_id: int,
    number: int | None,
    act: Callable[..., Any],
    params: Mapping[str, Any],
    actor: Actor,
    at: datetime,
) -> Outcome:
    if number is None:
        return Outcome(case_id, None, not_found())
    try:
        with transaction.atomic():
            act(case_id=case_id, actor=actor, at=at, **params)
    except Problem as problem:
        return Outcome(case_id, number, problem)
    return Outcome(case_id, number, None)

"""Events and subjects of parts that are not built yet: a rule that names one imports as *waiting for <part>*.

When a part is built and declares its kinds in the event registry, its lines here go (a test says so).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The part that will bring a kind of event, and the payload fields a rule may name (None = not settled)."""

    part: str
    payload: tuple[str, ...] | None = ()


def _of(part: str, **kinds: tuple[str, ...] | None) -> dict[str, Foreseen]:
    return {name.replace("__", "."): Foreseen(part, payload) for name, payload in kinds.items()}


FORESEEN: dict[str, Foreseen] = {
    **_of(
        "duties",
        collaboration__requested=("dept",),
        collaboration__answered=("dept",),
    ),
    **_of("routing", green_channel__requested=("dept",), green_channel__answered=("dept",)),
    **_of(
        "feedback",
        survey__sent=("channel", "reason"),
        survey__answered=("grade", "score", "reason"),
        followup__due=("reason",),
        followup__done=("channel", "result", "reason"),
    ),
    **_of("complaints", complaint__rated=("severity", "scope"), complaint__exposed=("by",)),
    **_of("aftersales", product__use_started=(), service__visited=()),
    **_of(
        "leads",
        lead__undecided=(),
        lead__proposal_sent=("channel",),
        lead__followed_up=("channel",),
        customer__registered=(),
        customer__guide_sent=("channel",),
    ),
    **_of("assistant", bot__unresolved=(), bot__handed_over=()),
    **_of("quality", inspection__hit=("rule",)),
    **_of(
        "improvement",
        proposal__adopted=(),
        proposal__evaluated=(),
        rca__submitted=(),
        improvement_plan__submitted=("level",),
    ),
    **_of(
        "risk",
        incident__detected=("kind",),
        incident__announced=("channel",),
        risk__raised=("level",),
        risk__meeting_held=("level",),
        risk__handling_started=("level",),
        crisis__declared=("level",),
        crisis__team_formed=("level",),
        crisis__coordinated=("level",),
        crisis__contained=("level",),
        crisis__resolved=("level",),
        crisis__handled=("level",),
        crisis__report_submitted=("level",),
        crisis__reviewed=("level",),
    ),
}

FORESEEN_SUBJECTS: dict[str, str] = {
    "duty": "duties",
    "lead": "leads",
    "conversation": "assistant",
    "product": "catalog",
    "visit": "aftersales",
    "survey": "feedback",
    "inspection": "quality",
    "proposal": "improvement",
    "incident": "risk",
    "risk": "risk",
    "crisis": "risk",
    "article": "knowledge",
    "candidate": "training",
}

ENFORCED_BY: dict[str, str] = {
    "cadence": "duties",
    "record": "duties",
    "target": "metrics",
    "alarm": "risk",
    "authority": "duties",
    "weight": "performance",
    "playbook": "process",
}
"""The part that will enforce the kinds of rule that nothing enforces yet."""

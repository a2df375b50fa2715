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
        "routing",
        green_channel__requested=("dept",),
        green_channel__answered=("dept",),
        exception__flagged=("class",),
    ),
    **_of(
        "feedback",
        survey__sent=("channel", "reason"),
        survey__answered=("grade", "score", "reason"),
        followup__due=("reason",),
        followup__done=("channel", "result", "reason"),
        survey__published=("reason",),
    ),
    **_of(
        "complaints",
        complaint__rated=("severity", "scope"),
        complaint__exposed=("by",),
        complaint__judged=("justified",),
        complaint__replied=(),
    ),
    **_of(
        "aftersales",
        product__use_started=(),
        service__visited=(),
        warranty__published=(),
        supplier_agreement__signed=(),
        claim__filed=(),
        claim__reviewed=(),
        claim__approved=(),
        claim__handled=(),
        claim__progress_told=(),
        return__received=(),
        return__inspected=(),
        return__authorised=(),
        return__result_told=(),
        return__settled=(),
        recall__started=(),
    ),
    **_of(
        "leads",
        lead__undecided=(),
        lead__proposal_sent=("channel",),
        lead__followed_up=("channel",),
        customer__registered=(),
        customer__guide_sent=("channel",),
        standard_solution__published=(),
        offer__closed=("result",),
        lead__closed=("result",),
        touchpoint__mapped=(),
        customer_event__held=(),
    ),
    **_of(
        "assistant",
        bot__unresolved=(),
        bot__handed_over=(),
    ),
    **_of(
        "quality",
        inspection__hit=("rule",),
        inspection__scored=(),
        interaction__recorded=(),
    ),
    **_of(
        "improvement",
        proposal__adopted=(),
        proposal__evaluated=(),
        rca__submitted=(),
        improvement_plan__submitted=("level",),
        goal__set=(),
        goal__reviewed=(),
        review__planned=("kind",),
        review__held=("kind",),
        project__started=(),
        project__milestone_reached=(),
        workplace__assessed=(),
        proposal__submitted=(),
        measure__started=(),
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
        risk__registered=(),
        risk__assessed=("level",),
        crisis__customer_contacted=("level",),
        crisis__statement_published=("level",),
        regulator__report_due=(),
        regulator__report_submitted=(),
        regulator__demanded=(),
    ),
    **_of(
        "analytics",
        benchmark__recorded=(),
        benchmark__compared=(),
        report__issued=("kind",),
        latent_problem__detected=(),
        customer__segmented=("segment",),
    ),
    **_of(
        "process",
        process__published=(),
        bottleneck__confirmed=(),
    ),
    **_of(
        "training",
        assessment__finished=("tier",),
        competency__published=("role",),
        course__held=("course",),
        course__completed=("course",),
        newcomer__joined=(),
        mentoring__started=(),
        candidate__interviewed=("role",),
        candidate__pooled=("tier",),
        candidate__reassessed=("tier",),
        candidate__contacted=("tier",),
        interview_question__published=(),
    ),
    **_of(
        "performance",
        award__granted=("kind",),
        career_track__published=(),
        appraisal__decided=(),
    ),
    **_of(
        "knowledge",
        article__published=("kind",),
    ),
    **_of(
        "workforce",
        forecast__made=(),
    ),
}

FORESEEN_SUBJECTS: dict[str, str] = {
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
    "benchmark": "analytics",
    "process": "process",
    "bottleneck": "process",
    "analysis": "improvement",
    "goal": "improvement",
    "review": "improvement",
    "project": "improvement",
    "workplace": "improvement",
    "assessment": "training",
    "course": "training",
    "interview_question": "training",
    "award": "performance",
    "career_track": "performance",
    "standard_solution": "leads",
    "offer": "leads",
    "touchpoint": "leads",
    "warranty": "aftersales",
    "supplier_agreement": "aftersales",
    "claim": "aftersales",
    "return": "aftersales",
    "forecast": "workforce",
    "interaction_recording": "quality",
    "regulator_report": "risk",
    "measure": "improvement",
    "customer_event": "leads",
}

PER_BROUGHT_BY: dict[str, str] = {"customer": "duties", "case": "duties", "order": "duties"}
"""For whom a cadence cannot be counted yet, and the part that would tell who they are."""

FACT_BROUGHT_BY: dict[str, str] = {"level": "risk"}
"""Facts of the organisation that a cadence may depend on, and the part that will know them."""

GRANTED_BY: dict[str, str] = {
    "personal_data_reveal": "customers",
    "personal_data_export": "customers",
    "claim_decision": "aftersales",
    "warranty_decision": "aftersales",
    "complaint_finding": "complaints",
    "complaint_escalation": "complaints",
    "answer_release": "knowledge",
    "repeat_offer": "leads",
}
"""What is granted in an act of a part that does not ask the rule yet; all else that is granted on a case is asked for there, and
what is granted for the organisation on the page of approvals."""

ENFORCED_BY: dict[str, str] = {
    "cadence": "duties",
}
"""The part that will enforce the kinds of rule that nothing enforces yet."""

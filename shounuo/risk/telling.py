"""Who is told of an alarm: the roles that its rule names; of a target: who answers for it. Jobs, safe to repeat: a
notice's key makes it once."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from shounuo.events.services import Published
from shounuo.notices import kinds
from shounuo.notices.composing import address_of
from shounuo.notices.services import heard, notify, ways_tell
from shounuo.policy.labels import spoken
from shounuo.policy.models import Rule
from shounuo.policy.reading import rule_of
from shounuo.policy.schema import Alarm as AlarmRule
from shounuo.policy.schema import Target as TargetRule
from shounuo.policy.sentences import sentence
from shounuo.risk import events
from shounuo.risk.models import Alarm, Goal
from shounuo.staff import queries as staff

KINDS = (events.RAISED, events.RELEASED)
JUDGED = (events.MISSED, events.REACHED)
RAISED = kinds.declare("alarm.raised", "alarm", lambda s, p: _words(s, p))
RELEASED = kinds.declare("alarm.released", "check", lambda s, p: _("预警解除：%(subject)s") % {"subject": s})

MISSED = kinds.declare("target.missed", "scale", lambda s, p: _("指标未达标：%(subject)s") % {"subject": s})
REACHED = kinds.declare("target.reached", "check", lambda s, p: _("指标达标：%(subject)s") % {"subject": s})


def _words(label: str, params: dict[str, object]) -> str:
    match params.get("level"):
        case "red":
            return _("红色预警：%(subject)s") % {"subject": label}
        case "yellow":
            return _("黄色预警：%(subject)s") % {"subject": label}
        case "blue":
            return _("蓝色预警：%(subject)s") % {"subject": label}
    return _("提醒：%(subject)s") % {"subject": label}


def alarm_happened(event: Published, at: datetime) -> None:
    """Rings those who hold one of the rule's roles; red is urgent, so that it is mailed at once whatever the hour."""
    alarm = Alarm.objects.filter(pk=event.subject[1]).first()
    if alarm is None:
        return
    row = Rule.objects.get(pk=alarm.rule_id)
    spec = rule_of(row.kind, row.name, row.body)
    assert isinstance(spec, AlarmRule)
    roles = [role for role in spec.notify if role != "customer"]
    people = {id for role in roles for id in staff.people_with_role(role)}
    raised = event.kind == events.RAISED
    urgent = raised and alarm.level == Alarm.Level.RED
    with translation.override(settings.LANGUAGE_CODE):
        ways_tell(
            key=f"{event.kind}:{alarm.pk}",
            via=spec.via,
            roles=roles,
            text=_text(alarm, row, raised),
            urgent=urgent,
            at=event.at,
        )
    notify(
        key=f"{event.kind}:{alarm.pk}",
        person_ids=people,
        kind=RAISED if raised else RELEASED,
        params={"level": alarm.level, "clause": alarm.clause_code},
        subject=("alarm", alarm.pk),
        urgent=urgent,
        mail_at=heard(roles, event.at, urgent=urgent) if "mail" in spec.via else None,
        at=event.at,
    )


def _text(alarm: Alarm, row: Rule, raised: bool) -> str:
    """What goes over the ways: what the bell says, the rule in words, and where to look."""
    name = spoken(row.title, row.title_en) or row.name
    said = _words(name, {"level": alarm.level}) if raised else _("预警解除：%(subject)s") % {"subject": name}
    rule = sentence(rule_of(row.kind, row.name, row.body))
    return "\n".join((said, rule, address_of(f"/alarms/{alarm.pk}/")))


def target_judged(event: Published, at: datetime) -> None:
    """Rings those who hold a role that answers for the target."""
    goal = Goal.objects.select_related("rule").filter(pk=event.subject[1]).first()
    if goal is None:
        return
    spec = rule_of(goal.rule.kind, goal.rule.name, goal.rule.body)
    assert isinstance(spec, TargetRule)
    notify(
        key=f"{event.kind}:{goal.pk}:{event.at.isoformat()}",
        person_ids={id for role in spec.owner for id in staff.people_with_role(role)},
        kind=MISSED if event.kind == events.MISSED else REACHED,
        params={"clause": goal.clause_code},
        subject=("target", goal.pk),
        urgent=False,
        at=event.at,
    )

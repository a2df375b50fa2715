"""The duties of steps: one that is done like any other, and one in which a way is chosen, on the run's page."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shounuo.duties.models import Duty, Evidence
from shounuo.duties.registry import declare, on_done
from shounuo.kernel.actors import Actor
from shounuo.process import services
from shounuo.process.models import RunStep

STEP = declare("step", _("流程步骤"), icon="route", held=True)
CHOICE = declare(
    "step_choice",
    _("流程步骤"),
    icon="route",
    by_hand=False,
    held=True,
    page=lambda duty: f"/process/{duty.origin_id}/",
)


def _done(duty: Duty, evidence: Evidence, actor: Actor, at: datetime) -> None:
    step = RunStep.objects.filter(duty_id=duty.pk).first()
    if step is not None:
        services.step_done(step_id=step.pk, evidence=evidence, actor=actor, at=at)


on_done(STEP, _done)

"""Clocks 计时: running instances of commitments, on any subject."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Clock(models.Model):
    """One promise on one subject. It copies its clause version's figures: a new version never moves it.

    `next_at` is the next moment at which something must be done by itself (warn, breach, a step of the ladder); empty
    when nothing is left. `facts` are the subject's facts as last read, for figures by team, person and channel.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("计时中")
        PAUSED = "paused", _("已暂停")
        MET = "met", _("已守诺")
        BREACHED = "breached", _("已违诺")
        CANCELLED = "cancelled", _("已取消")

    rule = models.ForeignKey("policy.Rule", on_delete=models.PROTECT, related_name="+")
    clause_code = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    start_event_id = models.BigIntegerField()
    within = models.CharField(max_length=24)
    not_before = models.CharField(max_length=24, blank=True)
    calendar = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    counted_from = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    opens_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    paused_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    met_automatic = models.BooleanField(default=False)
    breached_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=40, blank=True)
    next_at = models.DateTimeField(null=True)
    steps_left = models.JSONField(default=list)
    facts = models.JSONField(default=dict)
    cause = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject_kind", "subject_id", "start_event_id", "round"], name="commitments_clock_once"
            )
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="commitments_clock_subject"),
            models.Index(
                fields=["next_at"], condition=models.Q(next_at__isnull=False), name="commitments_clock_next"
            ),
            models.Index(
                fields=["due_at"], condition=models.Q(state="running"), name="commitments_clock_running"
            ),
            models.Index(fields=["clause_code", "due_at"], name="commitments_clock_clause"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="breached", met_at=None),
                name="commitments_clock_open",
            ),
        ]


class Pause(models.Model):
    """A span in which a clock stood still."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=models.Q(ended_at=None), name="commitments_pause_open"
            )
        ]


class Step(models.Model):
    """A step of the ladder that was taken: warned, breached, escalated to someone. Once per clock and position."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="steps")
    position = models.CharField(max_length=24)  # warn | due | 100% | 150% ...
    to = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clock", "position", "to"], name="commitments_step_once")]


class ClockLoop(models.Model):
    """Heartbeat of the loop that fires clocks, one row per process."""

    name = models.CharField(max_length=80, primary_key=True)
    beat_at = models.DateTimeField()
    fired = models.BigIntegerField(default=0)

"""Clocks 计时: running instances of commitments, on any subject. Written by the engine, the loop and the services of
this part alone; every change of a subject's clocks happens under the lock of the subject's event stream."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Clock(models.Model):
    """One promise on one subject. It copies its clause version's figures: a new version never moves it.

    `started_at` is when its start event happened, `counted_from` from when its time runs (later than that when the
    rule came to apply late). `next_at` is the next moment at which something must be done by itself (warn, breach, a
    step of the ladder); empty when nothing is left. `steps_left` are the steps of the ladder still to come:
    [{at, position, to}] in order. `length_s` is the counted time from start to due in seconds, `used_s` what of it
    had passed when it was met (more than `length_s`: late). `lap` counts how often its moments were set anew. A breached clock that was ended
    without an answer (closed, merged, no longer applies) stays breached and has `cancelled_at`.

    `met_ref` is the interaction that met it: when its delivery fails, the clock goes on. `person_met_at` is when a
    person (or anything but an automatic message) met it. `facts` are the subject's as read at its last change of state.
    """

    class State(models.TextChoices):
        RUNNING = "running", _("计时中")
        PAUSED = "paused", _("已暂停")
        MET = "met", _("已守诺")
        BREACHED = "breached", _("已违诺")
        CANCELLED = "cancelled", _("已取消")

    class Cause(models.TextChoices):
        """Why a promise was broken, as its supervisor sees it."""

        STAFFING = "staffing", _("人手不足")
        VOLUME = "volume", _("来量突增")
        OVERSIGHT = "oversight", _("疏漏")
        HANDOVER = "handover", _("交接不畅")
        KNOWLEDGE = "knowledge", _("不会处理")
        COMPLEXITY = "complexity", _("问题复杂")
        DEPARTMENT = "department", _("等其他部门")
        CUSTOMER = "customer", _("等客户")
        SUPPLIER = "supplier", _("等外部单位")
        SYSTEM = "system", _("系统故障")
        OTHER = "other", _("其他")

    rule = models.ForeignKey("policy.Rule", on_delete=models.PROTECT, related_name="+", db_index=False)
    clause_code = models.CharField(max_length=64)
    commitment = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    round = models.PositiveSmallIntegerField(default=1)
    start_event_id = models.BigIntegerField()
    within = models.CharField(max_length=40)  # a Span; of a clock that follows another: the other's
    follows = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="followers", db_index=False
    )
    not_before = models.CharField(max_length=40, blank=True)
    calendar = models.CharField(max_length=40)
    warn = models.CharField(max_length=40)
    ladder = models.JSONField(default=list)  # [{at, to}] as in the rule
    started_at = models.DateTimeField()
    counted_from = models.DateTimeField()
    warn_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    length_s = models.IntegerField()
    used_s = models.IntegerField(null=True)
    opens_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    paused_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    met_at = models.DateTimeField(null=True)
    met_automatic = models.BooleanField(default=False)
    met_ref = models.BigIntegerField(null=True)
    met_event_id = models.BigIntegerField(null=True)
    person_met_at = models.DateTimeField(null=True)
    breached_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=40, blank=True)
    next_at = models.DateTimeField(null=True)
    steps_left = models.JSONField(default=list)
    lap = models.PositiveSmallIntegerField(default=1)
    facts = models.JSONField(default=dict)
    cause = models.CharField(max_length=16, choices=Cause.choices, blank=True)
    cause_note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["rule", "subject_kind", "subject_id", "start_event_id", "round"],
                name="commitments_clock_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=["paused", "met", "cancelled"]) | models.Q(next_at=None),
                name="commitments_clock_still",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="commitments_clock_subject"),
            models.Index(
                fields=["next_at"], condition=models.Q(next_at__isnull=False), name="commitments_clock_next"
            ),
            models.Index(
                fields=["due_at"], condition=models.Q(state="running"), name="commitments_clock_running"
            ),
            models.Index(
                fields=["calendar", "counted_from"],
                condition=models.Q(state__in=["running", "paused"]),
                name="commitments_clock_calendar",
            ),
            models.Index(fields=["clause_code", "due_at"], name="commitments_clock_clause"),
            models.Index(fields=["due_at"], name="commitments_clock_due"),
            models.Index(
                fields=["due_at"],
                condition=models.Q(state="breached", met_at=None, cancelled_at=None),
                name="commitments_clock_open",
            ),
            models.Index(
                fields=["follows"],
                condition=models.Q(follows__isnull=False),
                name="commitments_clock_follows",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.commitment} {self.subject_kind}:{self.subject_id} {self.state}"

    @property
    def is_running(self) -> bool:
        """Time runs, or stands still for a while: not yet decided."""
        return self.state in (self.State.RUNNING, self.State.PAUSED)

    @property
    def is_overdue(self) -> bool:
        """Broken, and what was promised is still owed."""
        return self.state == self.State.BREACHED and self.met_at is None and self.cancelled_at is None

    @property
    def is_live(self) -> bool:
        """What was promised is still owed."""
        return self.is_running or self.is_overdue


class Pause(models.Model):
    """A span in which a clock stood still; `reason` is the state of its subject, or `merged`."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=models.Q(ended_at=None), name="commitments_pause_open"
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("started_at")),
                name="commitments_pause_forward",
            ),
        ]


class Step(models.Model):
    """Something that a clock did by itself: warned, breached (`due`), escalated to someone. Once per lap, position and
    addressee: the constraint is what "exactly once" hangs on."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="steps", db_index=False)
    lap = models.PositiveSmallIntegerField(default=1)
    position = models.CharField(max_length=40)  # warn | due | 100% | 150% | PT5M ...
    to = models.CharField(max_length=80, blank=True)
    due_at = models.DateTimeField()
    fired_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clock", "lap", "position", "to"], name="commitments_step_once")
        ]


class Rebase(models.Model):
    """A person moved a due moment, and said why."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="rebases")
    old_due_at = models.DateTimeField()
    new_due_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    person_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["-at"], name="commitments_rebase_at")]


class ClockLoop(models.Model):
    """Heartbeat of the loop that fires clocks, one row per process."""

    name = models.CharField(max_length=80, primary_key=True)
    beat_at = models.DateTimeField()
    fired = models.BigIntegerField(default=0)

"""Alarms 预警. A state that lasts is one open alarm with a history, not one a day."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Alarm(models.Model):
    """One alarm from its raising to its closing. The rule is known over its versions by policy, clause and name; `about`
    is what it is raised for beyond the whole ("case:12" for an event, "alarm:7" for one that lasted, "channel@phone" for a
    slice, "metric@csat" for one of several metrics), else empty.

    `value` and `n` are the figure and its population as last read (shares 0..1, seconds), `raised_value` that of the
    raising. `seen_at` is when the rule was last found to hold. Open until the figure has stayed back (`released_at`);
    closed by a person with a review.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("alarm", "未解除")
        RELEASED = "released", pgettext_lazy("alarm", "已解除")
        CLOSED = "closed", pgettext_lazy("alarm", "已关闭")

    class Level(models.TextChoices):
        BLUE = "blue", _("蓝色")
        YELLOW = "yellow", _("黄色")
        RED = "red", _("红色")

    rule = models.ForeignKey("policy.Rule", on_delete=models.PROTECT, related_name="+")
    policy_code = models.CharField(max_length=40)
    clause_code = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    metric = models.CharField(max_length=64, blank=True)
    about = models.CharField(max_length=60, blank=True)
    level = models.CharField(max_length=6, choices=Level.choices, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    value = models.FloatField(null=True)
    n = models.IntegerField(null=True)
    raised_value = models.FloatField(null=True)
    raised_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    released_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    review = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy_code", "clause_code", "name", "about"],
                condition=models.Q(state="open"),
                name="risk_alarm_one_open",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", released_at=None, closed_at=None)
                | models.Q(state="released", released_at__isnull=False, closed_at=None)
                | models.Q(state="closed", closed_at__isnull=False),
                name="risk_alarm_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["-raised_at", "-id"], name="risk_alarm_latest"),
            models.Index(fields=["state", "-raised_at"], name="risk_alarm_state"),
        ]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.name} {self.level}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class AlarmDay(models.Model):
    """What the figure was on a day of an alarm: as last read on it, and whether the rule held at any time of it."""

    alarm = models.ForeignKey(Alarm, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    value = models.FloatField(null=True)
    n = models.IntegerField(null=True)
    held = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["alarm", "day"], name="risk_alarm_day_once")]


class Goal(models.Model):
    """How a target rule stands, one row for each over its versions. `scope` tells rules of one name in a clause apart.

    `window_start` to `window_end` is what was looked at, `value` and `n` the figure of it (shares 0..1, seconds),
    `before` that of as long a time before, `limit` what is to be reached, all in the metric's unit. `groups`: [[value of
    the dimension, figure, population, reached], ...] where each is judged for itself; `course`: [[first day, figure,
    population], ...] by weeks. `due_at`: until then falling short is no fault. `since`: of the state.
    """

    class State(models.TextChoices):
        REACHED = "reached", pgettext_lazy("goal", "达标")
        SHORT = "short", pgettext_lazy("goal", "还差")
        MISSED = "missed", pgettext_lazy("goal", "未达标")
        UNKNOWN = "unknown", pgettext_lazy("goal", "尚不能判")

    rule = models.ForeignKey("policy.Rule", on_delete=models.PROTECT, related_name="+")
    policy_code = models.CharField(max_length=40)
    clause_code = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    scope = models.CharField(max_length=300, blank=True)
    metric = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices)
    since = models.DateTimeField()
    value = models.FloatField(null=True)
    n = models.IntegerField()
    before = models.FloatField(null=True)
    limit = models.FloatField(null=True)
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    groups = models.JSONField(default=list)
    course = models.JSONField(default=list)
    began_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy_code", "clause_code", "name", "scope"], name="risk_goal_once"
            )
        ]
        indexes = [models.Index(fields=["clause_code"], name="risk_goal_clause")]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.name} {self.state}"


class Watch(models.Model):
    """One row: how far the events have been read for alarms that an event triggers."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    xid = models.BigIntegerField()
    event_id = models.BigIntegerField()
    evaluated_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="risk_watch_one")]

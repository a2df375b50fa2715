"""Reports as they were made, and to whom they go."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Report(models.Model):
    """The figures of a period that ended, as they stood when the report was made. Never changed: the database refuses.

    `content` holds frozen figures (`freezing`), `headline` those of the list: metric -> [value, n].
    """

    class Kind(models.TextChoices):
        DAY = "day", _("日报")
        WEEK = "week", _("周报")
        MONTH = "month", _("月报")
        QUARTER = "quarter", _("季报")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    first = models.DateField()
    last = models.DateField()
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    headline = models.JSONField()
    content = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "first"], name="analytics_report_once")]
        indexes = [models.Index(fields=["-last", "-id"], name="analytics_report_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.first}"


class ReportComment(models.Model):
    """What a manager says of a report."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="comments")
    person = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.report_id}: {self.text[:40]}"


class ReportPlan(models.Model):
    """Whether reports of a kind are made by themselves, and which roles they are mailed to. A kind without a row follows
    `rules.PLANNED`."""

    kind = models.CharField(max_length=8, choices=Report.Kind.choices, primary_key=True)
    is_active = models.BooleanField(default=True)
    roles = ArrayField(models.CharField(max_length=40), default=list)

    def __str__(self) -> str:
        return self.kind


class Dashboard(models.Model):
    """A board of one's own: metrics in the order chosen. `tiles` are [{"id", "metric", "form", "by", "width"}], ids never
    used twice. Seen by its owner and, with `team`, by who belongs to that team. A deleted one can be taken back."""

    name = models.CharField(max_length=60)
    owner = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")
    team = models.ForeignKey("staff.Team", null=True, on_delete=models.SET_NULL, related_name="+")
    period = models.CharField(max_length=8, default="days")
    tiles = models.JSONField(default=list)
    last_tile = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner"], name="analytics_dashboard_owner"),
            models.Index(fields=["team"], name="analytics_dashboard_team"),
        ]

    def __str__(self) -> str:
        return self.name

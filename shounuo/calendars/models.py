"""Calendars and the days on which they differ from their week. The arithmetic is `kernel.worktime`."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Calendar(models.Model):
    """When a department is open. `version` goes up with every change that moves a due time.

    `weekly` is read by `worktime.week_parse`. A `statutory` calendar follows the State Council's holidays
    and make-up days as far as they are published: those that the installation knows (up to `known_through`)
    and `imported_years`.
    """

    class Kind(models.TextChoices):
        ALWAYS = "always", _("全天候")
        BUSINESS = "business", _("按工作时间")

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    zone = models.CharField(max_length=64)
    weekly = models.JSONField(default=dict)
    statutory = models.BooleanField(default=False)
    known_through = models.PositiveSmallIntegerField(null=True)
    imported_years = ArrayField(models.PositiveSmallIntegerField(), default=list)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="always") | Q(statutory=False),
                name="calendars_calendar_always_has_no_holidays",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """A date that differs from its weekday, by the organisation's own word or by an imported year.

    `holiday` no hours; `workday` a make-up day with `intervals`, or the hours of the weekday `like`
    ("wed"), or those of the first weekday with hours; `custom` its own `intervals`, maybe none. An own day
    stands above an imported one, both above the published statutory days, which are not stored.
    `import_year` is the year whose import brought it.
    """

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("放假")
        WORKDAY = "workday", _("调休上班")
        CUSTOM = "custom", _("特别安排")

    class Source(models.TextChoices):
        OWN = "own", _("本单位设定")
        IMPORT = "import", _("导入")

    calendar = models.ForeignKey(Calendar, on_delete=models.CASCADE, related_name="days")
    date = models.DateField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    intervals = models.JSONField(null=True)
    like = models.CharField(max_length=3, blank=True)
    name = models.CharField(max_length=60, blank=True)
    source = models.CharField(max_length=8, choices=Source.choices)
    import_year = models.PositiveSmallIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["calendar", "date", "source"], name="calendars_day_once"),
            models.CheckConstraint(
                condition=(
                    Q(kind="holiday", intervals__isnull=True, like="")
                    | (Q(kind="workday") & (Q(intervals__isnull=True) | Q(like="")))
                    | Q(kind="custom", intervals__isnull=False, like="")
                ),
                name="calendars_day_hours_fit_kind",
            ),
            models.CheckConstraint(
                condition=Q(source="import", import_year__isnull=False)
                | Q(source="own", import_year__isnull=True),
                name="calendars_day_import_year",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.name or self.kind}"

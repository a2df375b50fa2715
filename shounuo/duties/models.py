"""Duties 待办: everything that a person owes. Written by the services of this part alone."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Duty(models.Model):
    """One thing that somebody owes, about a subject or (both fields empty) about the organisation.

    Who owes it: `owner`, once there is one; before that anybody who fits `team` and `roles` (a member of the team, a
    holder of one of the roles, both where both are given) may take it. `origin_code`, `origin_id` and `origin_key` say
    what made it, once: planning twice makes one duty. `series` names the duties that come back as one another (the
    cadence rule's), `item` the sort within a composition. `opens_at` is from when it can be done, `due_at` its own due
    moment, `owed_at` the nearest one counting the clocks that run on it; `lapses_at` when it counts as missed.
    """

    class State(models.TextChoices):
        OPEN = "open", _("待完成")
        DONE = "done", _("已完成")
        MISSED = "missed", _("未完成")
        CANCELLED = "cancelled", _("不再需要")

    kind = models.CharField(max_length=40)
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.BigIntegerField(null=True)
    title = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    owner = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="duties")
    team = models.ForeignKey("staff.Team", null=True, on_delete=models.PROTECT, related_name="duties")
    roles = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    opens_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    owed_at = models.DateTimeField(null=True)
    lapses_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    taken_at = models.DateTimeField(null=True)  # by the present owner, or given to him
    snoozed_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)  # done, missed or cancelled
    ended_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=40, blank=True)
    reason = models.CharField(max_length=300, blank=True)  # why it was cancelled, written off or opened again
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    origin_code = models.CharField(max_length=40, blank=True)
    origin_id = models.BigIntegerField(default=0)
    origin_key = models.CharField(max_length=240, blank=True)
    series = models.CharField(max_length=180, blank=True)
    item = models.CharField(max_length=60, blank=True)
    clause_code = models.CharField(max_length=64, blank=True)
    rule_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["origin_code", "origin_id", "origin_key"],
                condition=~models.Q(origin_code=""),
                name="duties_duty_once",
            ),
            models.CheckConstraint(
                condition=models.Q(owner__isnull=False) | models.Q(team__isnull=False) | ~models.Q(roles=[]),
                name="duties_duty_owed_by_somebody",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", ended_at=None)
                | (~models.Q(state="open") & models.Q(ended_at__isnull=False)),
                name="duties_duty_ended_at",
            ),
            models.CheckConstraint(
                condition=models.Q(subject_kind="", subject_id=None)
                | (~models.Q(subject_kind="") & models.Q(subject_id__isnull=False)),
                name="duties_duty_subject",
            ),
        ]
        indexes = [
            models.Index(
                fields=["owner", "owed_at"], condition=models.Q(state="open"), name="duties_duty_owner"
            ),
            models.Index(
                fields=["team", "owed_at"], condition=models.Q(state="open"), name="duties_duty_team"
            ),
            models.Index(  # the order of the inbox; what has no due moment comes last
                fields=["owed_at", "id"],
                condition=models.Q(state="open"),
                name="duties_duty_inbox",
            ),
            models.Index(
                fields=["lapses_at"],
                condition=models.Q(state="open", lapses_at__isnull=False),
                name="duties_duty_lapses",
            ),
            models.Index(fields=["subject_kind", "subject_id"], name="duties_duty_subject_idx"),
            models.Index(
                fields=["series", "subject_kind", "subject_id", "opens_at"],
                condition=~models.Q(series=""),
                name="duties_duty_series",
            ),
            models.Index(fields=["-ended_at", "-id"], name="duties_duty_ended"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.title} {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN

    @property
    def subject(self) -> tuple[str, int] | None:
        """What it is about; None = the organisation."""
        return (self.subject_kind, self.subject_id) if self.subject_id is not None else None


class Evidence(models.Model):
    """What shows that a duty was done: a note, files (on the duty, `ref` = this row), an event, a thing. Kept when the
    duty is opened again; the last row is what counts."""

    duty = models.ForeignKey(Duty, on_delete=models.CASCADE, related_name="evidence")
    note = models.TextField(blank=True)
    event_id = models.BigIntegerField(null=True)
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    person = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["duty", "-id"], name="duties_evidence_duty")]


class Delegation(models.Model):
    """Somebody stands in for a person who is away: from `starts_at` until `ends_at`, or `ended_at` where it was ended
    early. The delegate decides what the person may decide; it goes no further than one."""

    person = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="delegations")
    delegate = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="stands_in")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)
    made_at = models.DateTimeField()
    made_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="duties_delegation_forward"
            ),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("delegate")), name="duties_delegation_to_another"
            ),
        ]
        indexes = [
            models.Index(
                fields=["delegate", "ends_at"],
                condition=models.Q(ended_at=None),
                name="duties_delegation_delegate",
            ),
            models.Index(fields=["person", "-starts_at"], name="duties_delegation_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} -> {self.delegate_id}"

"""Runs of playbooks 流程: who is where."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Run(models.Model):
    """A playbook under way, about a subject or (both fields empty) about the organisation. The rule is that of the version
    which was in force when it began; a new version moves no run. `by_event` is the event that started it; about one thing one
    run of a playbook is under way at a time."""

    class State(models.TextChoices):
        RUNNING = "running", pgettext_lazy("run", "进行中")
        DONE = "done", pgettext_lazy("run", "已走完")
        CANCELLED = "cancelled", pgettext_lazy("run", "已取消")

    rule = models.ForeignKey("policy.Rule", on_delete=models.PROTECT, related_name="+")
    policy_code = models.CharField(max_length=40)
    clause_code = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.BigIntegerField(null=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField()
    started_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    by_event = models.BigIntegerField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy_code", "clause_code", "name", "subject_kind", "subject_id"],
                condition=models.Q(state="running", subject_id__isnull=False),
                name="process_run_one",
            ),
            models.CheckConstraint(
                condition=models.Q(state="running", ended_at=None)
                | (~models.Q(state="running") & models.Q(ended_at__isnull=False)),
                name="process_run_ends",
            ),
        ]
        indexes = [
            models.Index(fields=["state", "-started_at", "-id"], name="process_run_state"),
            models.Index(fields=["subject_kind", "subject_id"], name="process_run_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"

    @property
    def subject(self) -> tuple[str, int] | None:
        return (self.subject_kind, self.subject_id) if self.subject_id is not None else None

    @property
    def is_running(self) -> bool:
        return self.state == self.State.RUNNING


class RunStep(models.Model):
    """A step that a run has reached, in the order in which it did; one that it came to twice stands twice. Without a duty it
    waits for its event alone."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("step", "进行中")
        DONE = "done", pgettext_lazy("step", "完成")
        PASSED = "passed", pgettext_lazy("step", "略过")
        CANCELLED = "cancelled", _("已取消")

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    duty = models.OneToOneField("duties.Duty", null=True, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=64, blank=True)
    proof = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="process_step_once"),
            models.UniqueConstraint(
                fields=["run"], condition=models.Q(state="open"), name="process_step_one_open"
            ),
        ]
        ordering = ["position"]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class RunWatch(models.Model):
    """One row: how far the log has been read for what starts runs and closes steps."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    xid = models.BigIntegerField()
    event_id = models.BigIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="process_watch_one")]

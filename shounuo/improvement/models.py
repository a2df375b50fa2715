"""Supervision 监督检查: inspections by sample, what was judged, what was found and what became of it. Self-assessment 成熟度自评
of the processes of a policy, quarter by quarter."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Inspection(models.Model):
    """One inspection: clauses looked at in a sample of what happened in [start, end).

    `source`: cases opened in that time, or promises (clocks) due in it; `narrowed` is what else they must be ({"team": [...]},
    `channel`, `kind`, `level`, `outcome`). `seed` draws the sample again (`rules.sampling`); `population` and `digest` are what it was
    drawn from, `shares` what of each team: [[team id or 0, population, wanted, drawn, passed over]]. The inspectors are people,
    `team` or `role` the supervision group they were taken from. `duty` is the cadence's that this fulfils.
    """

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("supervision", "检查中")
        FINISHED = "finished", pgettext_lazy("supervision", "整改中")
        CLOSED = "closed", pgettext_lazy("supervision", "已办结")
        CANCELLED = "cancelled", pgettext_lazy("supervision", "已取消")

    class Source(models.TextChoices):
        CASE = "case", _("期内新建的工单")
        CLOCK = "clock", _("期内到期的时限")

    title = models.CharField(max_length=120)
    clauses = ArrayField(models.CharField(max_length=64))
    source = models.CharField(max_length=6, choices=Source.choices)
    start = models.DateTimeField()
    end = models.DateTimeField()
    narrowed = models.JSONField(default=dict)
    by_team = models.BooleanField(default=False)
    size = models.PositiveIntegerField()
    seed = models.BigIntegerField()
    population = models.PositiveIntegerField()
    digest = models.CharField(max_length=16)
    shares = models.JSONField(default=list)
    team = models.ForeignKey("staff.Team", null=True, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40, blank=True)
    inspectors: models.ManyToManyField = models.ManyToManyField("staff.Person", related_name="+")
    duty = models.ForeignKey("duties.Duty", null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    conclusion = models.TextField(blank=True)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)
    finished_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True)  # closed or cancelled
    reason = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(end__gt=models.F("start")), name="improvement_inspection_span"
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", finished_at=None, ended_at=None)
                | models.Q(state="finished", finished_at__isnull=False, ended_at=None)
                | models.Q(state="closed", finished_at__isnull=False, ended_at__isnull=False)
                | models.Q(state="cancelled", finished_at=None, ended_at__isnull=False),
                name="improvement_inspection_state",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="improvement_inspection_new"),
            GinIndex(fields=["clauses"], name="improvement_inspection_clause"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class Item(models.Model):
    """One thing that was drawn, and the inspector who judges it. `clock` is the promise it was drawn by, or 0."""

    inspection = models.ForeignKey(Inspection, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    clock = models.BigIntegerField(default=0)
    team = models.ForeignKey("staff.Team", null=True, on_delete=models.PROTECT, related_name="+")
    inspector = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["inspection", "position"], name="improvement_item_position"),
            models.UniqueConstraint(
                fields=["inspection", "subject_kind", "subject_id", "clock"], name="improvement_item_once"
            ),
        ]


class Judgement(models.Model):
    """Whether a clause was kept in one item: made empty with the sample, so that what is left is what has no verdict."""

    class Verdict(models.TextChoices):
        KEPT = "kept", pgettext_lazy("verdict", "做到")
        NOT_KEPT = "not_kept", pgettext_lazy("verdict", "没做到")
        NOT_APPLICABLE = "not_applicable", pgettext_lazy("verdict", "不适用")

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="judgements")
    clause_code = models.CharField(max_length=64)
    verdict = models.CharField(max_length=16, choices=Verdict.choices, blank=True)
    note = models.CharField(max_length=1000, blank=True)
    judged_at = models.DateTimeField(null=True)
    judged_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["item", "clause_code"], name="improvement_judgement_once"),
            models.CheckConstraint(
                condition=models.Q(verdict="", judged_at=None)
                | ~models.Q(verdict="") & models.Q(judged_at__isnull=False),
                name="improvement_judgement_when",
            ),
        ]
        indexes = [models.Index(fields=["clause_code", "verdict"], name="improvement_judgement_clause")]


class Finding(models.Model):
    """What an inspection found against a clause, and its correction: `follow_up` is the duty of the present round, closed when
    somebody else than its doer has verified it."""

    class Severity(models.TextChoices):
        MINOR = "minor", pgettext_lazy("finding", "轻微")
        NOTABLE = "notable", pgettext_lazy("finding", "一般")
        SERIOUS = "serious", pgettext_lazy("finding", "严重")

    class Cause(models.TextChoices):
        UNCLEAR = "unclear", _("条文或流程不清楚")
        UNKNOWN = "unknown", _("不知道这项要求")
        SKILL = "skill", _("不会做")
        OVERSIGHT = "oversight", _("疏漏")
        STAFFING = "staffing", _("人手不足")
        TOOL = "tool", _("系统或工具不支持")
        HANDOVER = "handover", _("交接不畅")
        OTHER = "other", _("其他")

    inspection = models.ForeignKey(Inspection, on_delete=models.PROTECT, related_name="findings")
    clause_code = models.CharField(max_length=64)
    severity = models.CharField(max_length=8, choices=Severity.choices)
    cause = models.CharField(max_length=10, choices=Cause.choices)
    text = models.TextField()
    judgements: models.ManyToManyField = models.ManyToManyField(Judgement, related_name="findings")
    follow_up = models.ForeignKey("duties.Duty", null=True, on_delete=models.PROTECT, related_name="+")
    round = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    verified_at = models.DateTimeField(null=True)
    verified_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    verdict_note = models.TextField(blank=True)  # of the verification, or why it was last returned

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(verified_at=None, verified_by=None) | models.Q(verified_at__isnull=False),
                name="improvement_finding_verified",
            ),
        ]
        indexes = [
            models.Index(fields=["inspection", "id"], name="improvement_finding_of"),
            models.Index(fields=["clause_code"], name="improvement_finding_clause"),
            models.Index(
                fields=["id"], condition=models.Q(verified_at=None), name="improvement_finding_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.clause_code} {self.severity}"


class Assessment(models.Model):
    """The self-assessment of a policy's processes in one quarter. `taken_at` is when its evidence was read; finished, neither
    it nor its ratings ever change (the database refuses)."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("maturity", "评估中")
        FINISHED = "finished", pgettext_lazy("maturity", "已定稿")

    policy_code = models.CharField(max_length=40)
    version = models.ForeignKey("policy.PolicyVersion", on_delete=models.PROTECT, related_name="+")
    quarter = models.DateField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    taken_at = models.DateTimeField()
    conclusion = models.TextField(blank=True)
    duty = models.ForeignKey("duties.Duty", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True)
    finished_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy_code", "quarter"], name="improvement_assessment_once"),
            models.CheckConstraint(
                condition=models.Q(state="open", finished_at=None)
                | models.Q(state="finished", finished_at__isnull=False),
                name="improvement_assessment_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy_code} {self.quarter}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class Rating(models.Model):
    """One process in an assessment. `evidence` is what the system knew of it (`rules.maturity.Evidence`, and `metrics`: [[code,
    value, n, enough], ...]), `proposed` and `reasons` what that speaks for; `level`, `comment` and `links` [[label, address], ...] are the
    person's."""

    assessment = models.ForeignKey(Assessment, on_delete=models.CASCADE, related_name="ratings")
    position = models.PositiveIntegerField()
    clause_code = models.CharField(max_length=64)
    number = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=200, blank=True)
    evidence = models.JSONField()
    proposed = models.PositiveSmallIntegerField()
    reasons = models.JSONField()
    level = models.PositiveSmallIntegerField(null=True)
    comment = models.TextField(blank=True)
    links = models.JSONField(default=list)
    rated_at = models.DateTimeField(null=True)
    rated_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assessment", "clause_code"], name="improvement_rating_once"),
            models.CheckConstraint(
                condition=models.Q(level=None) | models.Q(level__gte=1, level__lte=5),
                name="improvement_rating_level",
            ),
        ]


class Improvement(models.Model):
    """What was agreed to bring a process to a level: a duty, whose state is the improvement's."""

    rating = models.ForeignKey(Rating, on_delete=models.PROTECT, related_name="improvements")
    duty = models.OneToOneField("duties.Duty", on_delete=models.PROTECT, related_name="+")
    target = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

"""Policies 制度 with their versions, clauses and rules. A published version never changes: the database refuses it
(triggers of migration 0002), only its end and the standing of its rules are written later."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

# Written by the database too, so that code from before these columns still imports packs during an upgrade.
_NONE = models.Value([], models.JSONField())
_NOBODY = models.Value([], ArrayField(models.CharField(max_length=40)))


class Policy(models.Model):
    """A regulation of the house under one code; what it says stands in its versions. `review_on`: the day on which
    somebody has to look whether it still fits."""

    code = models.CharField(max_length=40, unique=True)
    title = models.CharField(max_length=120)
    last_number = models.PositiveIntegerField(
        default=0
    )  # of versions, discarded ones too: a number is never reused
    review_on = models.DateField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.title


class PolicyVersion(models.Model):
    """One wording of a policy. `source` is the pack as imported, `label` the version's own name in it ("3.2").

    In force from `effective_at` until `ended_at` (empty = until further notice): the times decide, the state follows.
    `readers`: the roles whose people have to acknowledge it (none = everybody).
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草案")
        IN_REVIEW = "in_review", _("审核中")
        APPROVED = "approved", _("已批准")
        PUBLISHED = "published", _("已发布")
        ARCHIVED = "archived", _("已归档")

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    label = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    default_calendar = models.CharField(max_length=40)
    source = models.TextField()
    file_name = models.CharField(max_length=200)
    checksum = models.CharField(max_length=64)
    note = models.TextField(blank=True)
    not_built = models.JSONField(default=dict)  # requirement row -> why it is left out
    readers = ArrayField(models.CharField(max_length=40), default=list, db_default=_NOBODY)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    submitted_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    approved_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    approved_for = models.ForeignKey(  # in whose place, where he was away
        "staff.Person", null=True, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    effective_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="policy_version_number"),
            models.CheckConstraint(
                condition=models.Q(state__in=["draft", "in_review", "approved"])
                | models.Q(effective_at__isnull=False, published_at__isnull=False),
                name="policy_version_published",
            ),
            models.CheckConstraint(
                condition=models.Q(ended_at=None) | models.Q(ended_at__gte=models.F("effective_at")),
                name="policy_version_forward",
            ),
        ]
        indexes = [models.Index(fields=["state", "effective_at"], name="policy_version_force")]

    def __str__(self) -> str:
        return f"{self.title} {self.label}"


class Clause(models.Model):
    """A clause of a version. `chapter` is the path to it: [[number, title, english title], ...] from the top."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="clauses")
    code = models.CharField(max_length=64)
    number = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    title_en = models.CharField(max_length=200, blank=True)
    wording = models.TextField()
    wording_en = models.TextField(blank=True)
    source = models.CharField(max_length=200, blank=True)
    chapter = models.JSONField(default=list)
    position = models.PositiveIntegerField()
    covers = ArrayField(models.CharField(max_length=40), default=list)
    practices = models.JSONField(default=list, db_default=_NONE)  # as `writing.practice_plain` has them
    evidence = models.JSONField(default=list, db_default=_NONE)  # as `writing.evidence_plain` has it

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "code"], name="policy_clause_code")]
        indexes = [
            models.Index(fields=["version", "position"], name="policy_clause_position"),
            models.Index(fields=["code"], name="policy_clause_by_code"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class Rule(models.Model):
    """A typed rule of a clause; `body` is its normalised form (`writing.rule_body`), read by `reading.rule_of`.

    live: enforced and counted since `live_since` · waiting: names something of a part not yet built (`waiting_for`) ·
    shown: stored and shown, nothing enforces it yet. `gaps` are the fields that the organisation has still to set.
    """

    class Kind(models.TextChoices):
        COMMITMENT = "commitment", _("时限")
        CADENCE = "cadence", _("周期")
        RECORD = "record", _("记录")
        TARGET = "target", _("指标")
        ALARM = "alarm", _("预警")
        AUTHORITY = "authority", _("授权")
        WEIGHT = "weight", _("权重")
        PLAYBOOK = "playbook", _("流程")

    class Status(models.TextChoices):
        LIVE = "live", _("在执行")
        WAITING = "waiting", _("等待所需部分")
        SHOWN = "shown", _("仅展示")

    clause = models.ForeignKey(Clause, on_delete=models.CASCADE, related_name="rules")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=64)
    title = models.CharField(max_length=120, blank=True)
    title_en = models.CharField(max_length=200, blank=True)
    position = models.PositiveIntegerField()
    body = models.JSONField()
    covers = ArrayField(models.CharField(max_length=40), default=list)
    gaps = ArrayField(models.CharField(max_length=40), default=list)
    status = models.CharField(max_length=8, choices=Status.choices)
    waiting_for = ArrayField(models.CharField(max_length=80), default=list)
    live_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clause", "position"], name="policy_rule_position")]
        indexes = [models.Index(fields=["kind", "status"], name="policy_rule_live")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class DraftEdit(models.Model):
    """One change of a draft in the forms: what was changed of which clause, by whom, and the text before it (`before`),
    to which undoing goes back."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="edits")
    what = models.CharField(max_length=20)
    clause = models.CharField(max_length=64, blank=True)
    before = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["version", "-id"], name="policy_edit_newest")]


class ClauseComment(models.Model):
    """What somebody says about a clause of a version in the making; the clause is named by its code, because its row is
    written anew with every change. Settled when somebody has dealt with it."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="comments")
    clause = models.CharField(max_length=64)
    text = models.TextField()
    at = models.DateTimeField()
    by = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True)
    settled_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["version", "clause", "id"], name="policy_comment_clause")]


class CheckQuestion(models.Model):
    """A question that every reader has to answer rightly before he can acknowledge a version. `right` counts from 0."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    options = models.JSONField()
    right = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="policy_question_position")
        ]


class Deviation(models.Model):
    """Where a customer was served otherwise than a clause says: sooner or better, never less, and why (exceptions 例外).

    `commitment` and `within`: of which time limit, and in what shorter time instead; empty where it was better.
    """

    class Serves(models.TextChoices):
        SOONER = "sooner", _("更快")
        BETTER = "better", _("更好")

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="deviations")
    clause = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    serves = models.CharField(max_length=6, choices=Serves.choices)
    commitment = models.CharField(max_length=64, blank=True)
    within = models.CharField(max_length=40, blank=True)
    what = models.CharField(max_length=200, blank=True)
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(serves="better", within="") | models.Q(serves="sooner", within__gt=""),
                name="policy_deviation_serves",
            )
        ]
        indexes = [models.Index(fields=["clause", "-at"], name="policy_deviation_clause")]


class PublicPromise(models.Model):
    """A clause that customers are shown with its real figures, on the page of promises 承诺公示; named by its code, so that
    it stays chosen over versions."""

    clause = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()
    by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")


class Acknowledgement(models.Model):
    """A person has read a version, has answered its questions rightly, and says so."""

    version = models.ForeignKey(PolicyVersion, on_delete=models.PROTECT, related_name="acknowledgements")
    person = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "person"], name="policy_acknowledged_once")]


class PolicyGeneration(models.Model):
    """One row (id 1) counted up whenever what is in force may have changed: compiled rule sets hang on it."""

    number = models.BigIntegerField(default=1)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="policy_generation_one")]


class PolicyDocument(models.Model):
    """A regulation as somebody uploaded it, cut into clauses (the file itself hangs on it).

    `text` is what was read out of the file; all places are offsets into it. `clauses`: [{number, title, chapter, start,
    end}]; `chapters`: [[number, title]]. `code` and `prefix` name the policy that its rules go into and begin the codes
    of its clauses; `version` is the draft made of it last. `asked_at`, `answered_at`, `trouble`: how the assistant was asked.
    """

    title = models.CharField(max_length=120)
    code = models.CharField(max_length=40)
    prefix = models.CharField(max_length=8)
    kind = models.CharField(max_length=8)
    pages = models.PositiveIntegerField(null=True)
    text = models.TextField()
    wrapped = models.BooleanField(default=False)
    chapters = models.JSONField(default=list)
    clauses = models.JSONField(default=list)
    checksum = models.CharField(max_length=64)
    version = models.ForeignKey(PolicyVersion, null=True, on_delete=models.SET_NULL, related_name="documents")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["code", "checksum"], name="policy_document_once"),
        ]
        indexes = [models.Index(fields=["-created_at", "-id"], name="policy_document_newest")]

    def __str__(self) -> str:
        return self.title


class RuleProposal(models.Model):
    """A rule proposed for a clause of an uploaded regulation, until a person has decided.

    `body` is the rule as a pack writes it without its kind and name; what a person made of it stands in `final_name` and
    `final`. `marks`: [[field, start, end]], which words say which field. `confidence` in percent.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", _("待定")
        ACCEPTED = "accepted", _("已采纳")
        EDITED = "edited", _("改后采纳")
        REJECTED = "rejected", _("未采纳")

    class Origin(models.TextChoices):
        TEXT = "text", _("按条文")
        MODEL = "model", _("助手建议")

    document = models.ForeignKey(PolicyDocument, on_delete=models.CASCADE, related_name="proposals")
    clause = models.CharField(max_length=40)
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=Rule.Kind.choices)
    name = models.CharField(max_length=64)
    body = models.JSONField()
    final_name = models.CharField(max_length=64, blank=True)
    final = models.JSONField(null=True)
    marks = models.JSONField(default=list)
    confidence = models.PositiveSmallIntegerField()
    gaps = ArrayField(models.CharField(max_length=80), default=list)
    assumed = ArrayField(models.CharField(max_length=40), default=list)
    origin = models.CharField(max_length=8, choices=Origin.choices, default=Origin.TEXT)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["document", "position"], name="policy_proposal_position"),
            models.CheckConstraint(
                condition=models.Q(state="proposed") | models.Q(decided_at__isnull=False),
                name="policy_proposal_decided",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="edited") | models.Q(final__isnull=False),
                name="policy_proposal_edited",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

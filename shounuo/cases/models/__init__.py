"""Cases 工单 and what belongs to one: interactions, plans with options, links, merges, drafts, views."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models.grants import Grant as Grant


class Topic(models.Model):
    """A node of the topic tree; `path` holds the codes from the root (feed/looks/caking), `full_name` the names
    (饲料 › 外观 › 结块)."""

    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=60)
    full_name = models.CharField(max_length=400)
    path = models.CharField(max_length=500, db_index=True)
    initials = models.CharField(max_length=40, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.full_name


class Case(models.Model):
    """One matter of one customer, with one accountable owner. States are in rules.py; `next_due_at`, `next_clause`
    and `overdue` mirror the nearest live clock and are kept in the clock's own transaction."""

    class Status(models.TextChoices):
        NEW = "new", _("尚未受理")
        OPEN = "open", _("受理中")
        WAITING_CUSTOMER = "waiting_customer", _("等待客户")
        WAITING_INTERNAL = "waiting_internal", _("等待协作")
        RESOLVED = "resolved", _("已解决")
        CLOSED = "closed", _("已关闭")

    class Kind(models.TextChoices):
        INQUIRY = "inquiry", _("咨询")
        REQUEST = "request", _("请求")
        COMPLAINT = "complaint", _("投诉")
        AFTERSALES = "aftersales", _("售后")
        PRAISE = "praise", _("表扬")
        SUGGESTION = "suggestion", _("建议")

    class Channel(models.TextChoices):
        MAIL = "mail", _("邮件")
        FORM = "form", _("网页")
        API = "api", _("接口")
        PHONE = "phone", _("电话")
        VISIT = "visit", _("面谈")
        CHAT = "chat", _("在线客服")
        SMS = "sms", _("短信")
        WECHAT = "wechat", _("微信")
        SOCIAL = "social", _("社媒")
        LETTER = "letter", _("信函")

    class Level(models.TextChoices):
        L1 = "L1", "L1"
        L2 = "L2", "L2"
        L3 = "L3", "L3"

    class Severity(models.TextChoices):
        GENERAL = "general", _("一般")
        SERIOUS = "serious", _("严重")
        MAJOR = "major", _("重大")

    class Complexity(models.TextChoices):
        SIMPLE = "simple", _("简单")
        GENERAL = "general", _("一般")
        COMPLEX = "complex", _("复杂")

    class Priority(models.TextChoices):
        LOW = "low", _("低")
        NORMAL = "normal", _("普通")
        HIGH = "high", _("高")
        URGENT = "urgent", _("紧急")

    class Verification(models.TextChoices):
        REMOTE = "remote", _("远程演示")
        ONSITE = "onsite", _("现场检查")
        CUSTOMER = "customer", _("客户反馈确认")

    class Closing(models.TextChoices):
        CONFIRMED = "confirmed", _("客户确认")
        SILENCE = "silence", _("期满无异议")
        STAFF = "staff", _("人工关闭")
        MERGED = "merged", _("并入其他工单")

    # From a sequence of its own: gaps are harmless, repeats are not.
    number = models.BigIntegerField(
        unique=True,
        db_default=models.Func(
            models.Value("cases_number"), function="nextval", output_field=models.BigIntegerField()
        ),
    )
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.INQUIRY)
    level = models.CharField(max_length=2, choices=Level.choices, blank=True)
    severity = models.CharField(max_length=8, choices=Severity.choices, blank=True)
    complexity = models.CharField(max_length=8, choices=Complexity.choices, blank=True)
    priority = models.CharField(max_length=8, choices=Priority.choices, default=Priority.NORMAL)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.NEW)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    channel_class = models.CharField(max_length=10, default="primary")
    subject = models.CharField(max_length=300)
    difficulty = models.TextField(blank=True)  # what really troubles the customer, for whoever handles it
    topic = models.ForeignKey(Topic, null=True, blank=True, on_delete=models.SET_NULL)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    custom = models.JSONField(default=dict, blank=True)
    # Where an index of several columns begins with the key, one of its own would only make every write dearer.
    customer = models.ForeignKey(
        "customers.Customer", on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    team = models.ForeignKey(
        "staff.Team", null=True, blank=True, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    owner = models.ForeignKey(
        "staff.Person", null=True, blank=True, on_delete=models.PROTECT, related_name="cases", db_index=False
    )
    helpers: models.ManyToManyField = models.ManyToManyField(
        "staff.Person", related_name="helping", blank=True
    )
    mailbox_id = models.BigIntegerField(null=True)
    opened_at = models.DateTimeField()
    handed_at = models.DateTimeField(
        null=True
    )  # handed to `team`, not taken yet: the owner stays accountable
    accepted_at = models.DateTimeField(null=True)  # by the present owner
    triaged_at = models.DateTimeField(null=True)
    first_response_at = models.DateTimeField(null=True)
    first_owner_id = models.BigIntegerField(null=True)
    expected_at = models.DateTimeField(null=True, blank=True)
    diagnosis = models.TextField(blank=True)
    diagnosed_at = models.DateTimeField(null=True)
    resolution = models.TextField(blank=True)
    resolved_at = models.DateTimeField(null=True)
    verified_how = models.CharField(max_length=10, blank=True, choices=Verification.choices)
    feedback = models.TextField(blank=True)  # what the customer said of the result
    noted_at = models.DateTimeField(null=True)  # the last note or progress note: the course is on record
    record_completed_at = models.DateTimeField(null=True)
    record_verified_at = models.DateTimeField(null=True)
    confirmed_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_how = models.CharField(max_length=10, blank=True, choices=Closing.choices)
    close_at = models.DateTimeField(null=True)  # silence ends here: closed by itself
    wait_reason = models.CharField(max_length=120, blank=True)
    wait_until = models.DateTimeField(null=True)
    last_in_at = models.DateTimeField(null=True)
    last_out_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    unanswered = models.BooleanField(default=False)  # the customer spoke last
    transfer_count = models.PositiveSmallIntegerField(default=0)
    reopen_count = models.PositiveSmallIntegerField(default=0)
    round = models.PositiveSmallIntegerField(default=1)
    erased_at = models.DateTimeField(
        null=True
    )  # its words are gone: its time was over, or its customer asked
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="merged", db_index=False
    )
    next_due_at = models.DateTimeField(null=True)
    next_warn_at = models.DateTimeField(null=True)
    next_clause = models.CharField(max_length=64, blank=True)
    overdue = models.BooleanField(default=False)
    version = models.IntegerField(default=1)  # for the conflict dialog

    class Meta:
        indexes = [
            models.Index(fields=["owner", "status", "next_due_at"], name="cases_case_owner"),
            models.Index(fields=["team", "status", "next_due_at"], name="cases_case_team"),
            models.Index(
                fields=["next_due_at", "id"],
                condition=~models.Q(status__in=["resolved", "closed"]),
                name="cases_case_open",
            ),
            models.Index(
                fields=["opened_at"],
                condition=models.Q(owner=None) & ~models.Q(status__in=["resolved", "closed"]),
                name="cases_case_unassigned",
            ),
            models.Index(
                fields=["-closed_at"], condition=models.Q(status="closed"), name="cases_case_closed"
            ),
            models.Index(
                fields=["close_at"], condition=models.Q(close_at__isnull=False), name="cases_case_silence"
            ),
            models.Index(
                fields=["wait_until"], condition=models.Q(wait_until__isnull=False), name="cases_case_wait"
            ),
            models.Index(fields=["customer", "-opened_at"], name="cases_case_customer"),
            models.Index(fields=["-opened_at", "-id"], name="cases_case_opened"),
            models.Index(fields=["-updated_at", "-id"], name="cases_case_updated"),
            models.Index(
                fields=["team", "handed_at"],
                condition=models.Q(handed_at__isnull=False),
                name="cases_case_handed",
            ),
            models.Index(
                fields=["merged_into"],
                condition=models.Q(merged_into__isnull=False),
                name="cases_case_merged",
            ),
            GinIndex(fields=["tags"], name="cases_case_tags"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status="closed", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(closed_at=None)),
                name="cases_case_closed_at",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="resolved") | models.Q(resolved_at__isnull=False),
                name="cases_case_resolved_at",
            ),
            models.CheckConstraint(
                condition=models.Q(merged_into=None) | models.Q(status="closed"),
                name="cases_case_merged_closed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.subject}"


class SearchText(models.Model):
    """The search document of a case: words, single characters and pairs of its subject, messages and customer."""

    case = models.OneToOneField(Case, primary_key=True, on_delete=models.CASCADE, related_name="search")
    document = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["document"], name="cases_search_document")]


class Interaction(models.Model):
    """A message, call, visit or note on a case. `folded` is quoted text and signature, one click away.

    Note: `direction` note is internal and never leaves the house.
    """

    class Direction(models.TextChoices):
        IN = "in", _("客户来信")
        OUT = "out", _("公开回复")
        NOTE = "note", _("内部备注")

    class State(models.TextChoices):
        DONE = "done", _("已送达")
        QUEUED = "queued", _("发送中")
        FAILED = "failed", _("发送失败")

    class Purpose(models.TextChoices):
        ANSWER = "", _("往来")
        RECEIPT = "receipt", _("收件回执")
        ETA = "eta", _("告知预计时间")
        WARNING = "warning", _("超时前说明")
        DIAGNOSIS = "diagnosis", _("初步诊断")
        PLAN = "plan", _("解决方案")
        PROGRESS = "progress", _("处理进度")
        OPERATION = "operation", _("已执行的操作")
        COOPERATION = "cooperation", _("客户配合情况")
        SOLUTION = "solution", _("处理结果")
        FEEDBACK = "feedback", _("客户反馈")
        DISPUTE = "dispute", _("客户异议")
        REOPEN = "reopen", _("重新打开")
        TRANSFER = "transfer", _("转派说明")
        HELP_ASKED = "help_asked", _("请部门协作")
        HELP_ANSWERED = "help_answer", _("部门答复")

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="interactions", db_index=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices, blank=True, default="")
    direction = models.CharField(max_length=4, choices=Direction.choices)
    channel = models.CharField(max_length=8, choices=Case.Channel.choices)
    subject = models.CharField(max_length=300, blank=True)
    text = models.TextField(blank=True)
    folded = models.TextField(blank=True)
    html = models.TextField(blank=True)
    remote_images = models.BooleanField(default=False)
    person = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("customers.Customer", null=True, on_delete=models.PROTECT, related_name="+")
    automatic = models.BooleanField(default=False)
    sender = models.CharField(max_length=320, blank=True)
    recipients = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    copies = ArrayField(models.CharField(max_length=320), default=list, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    raw_id = models.BigIntegerField(null=True)
    threaded_by = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DONE)
    error = models.CharField(max_length=300, blank=True)
    stopped_clocks = ArrayField(models.BigIntegerField(), default=list, blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["case", "at", "id"], name="cases_interaction_case"),
            models.Index(fields=["-at", "-id"], name="cases_interaction_at"),
            models.Index(
                fields=["message_id"], condition=~models.Q(message_id=""), name="cases_interaction_message"
            ),
        ]


class Mention(models.Model):
    """A colleague named in a note."""

    interaction = models.ForeignKey(Interaction, on_delete=models.CASCADE, related_name="mentions")
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="mentions")
    person = models.ForeignKey("staff.Person", on_delete=models.CASCADE, related_name="mentions")
    at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["interaction", "person"], name="cases_mention_once")]
        indexes = [models.Index(fields=["person", "-at"], name="cases_mention_person")]


class Plan(models.Model):
    """One to three solution options put to the customer; at most one plan of a case is open."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="plans")
    person = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    interaction = models.OneToOneField(Interaction, null=True, on_delete=models.CASCADE, related_name="plan")
    at = models.DateTimeField()
    # what was checked of the options: accuracy, feasibility, acceptability, safety
    checks = ArrayField(models.CharField(max_length=16), default=list, blank=True)
    chosen = models.ForeignKey("Option", null=True, on_delete=models.PROTECT, related_name="+")
    chosen_at = models.DateTimeField(null=True)
    chosen_by_kind = models.CharField(max_length=16, blank=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(chosen_at=None, withdrawn_at=None),
                name="cases_plan_open",
            )
        ]


class Option(models.Model):
    """One way out: what it is, for and against, steps, how long, what it costs the customer (fen, minus = he gets)."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=120)
    pros = models.TextField(blank=True)
    cons = models.TextField(blank=True)
    steps = models.TextField(blank=True)
    time = models.CharField(max_length=60, blank=True)
    cost = models.CharField(max_length=60, blank=True)
    recommended = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="cases_option_once")]
        ordering = ["position"]


class Link(models.Model):
    """A tie between two cases; parent means that `source` is the parent of `target`."""

    class Kind(models.TextChoices):
        RELATED = "related", _("相关")
        PARENT = "parent", _("上级")
        SPLIT = "split", _("拆出")

    source = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_out")
    target = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.RELATED)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "target", "kind"], name="cases_link_once")]


class Merge(models.Model):
    """A merge and what it moved (ids by kind) and changed (the source's columns before), undoable for 30 days."""

    source = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="merges_out")
    target = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="merges_in")
    moved = models.JSONField()
    at = models.DateTimeField()
    person_id = models.BigIntegerField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(undone_at=None), name="cases_merge_once"
            )
        ]


class Draft(models.Model):
    """What a person has typed and not sent: per case and mode, or a new case (`case` empty)."""

    person = models.ForeignKey("staff.Person", on_delete=models.CASCADE, related_name="drafts")
    case = models.ForeignKey(Case, null=True, on_delete=models.CASCADE, related_name="drafts")
    mode = models.CharField(max_length=12)  # out | note | propose | phone | visit
    body = models.JSONField(default=dict)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "case", "mode"], name="cases_draft_once", nulls_distinct=False
            )
        ]


class Viewer(models.Model):
    """Who has a case open now, and whether he is writing: the collision signal. Old rows mean nothing."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="viewers")
    person = models.ForeignKey("staff.Person", on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField()
    writing = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="cases_viewer_once")]


class Reading(models.Model):
    """How far a person has read a case: bold rows are those with something newer."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="readings")
    person = models.ForeignKey("staff.Person", on_delete=models.CASCADE, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "person"], name="cases_reading_once")]


class SavedView(models.Model):
    """A named filter, one's own or shared with a team."""

    person = models.ForeignKey("staff.Person", on_delete=models.CASCADE, related_name="saved_views")
    team = models.ForeignKey("staff.Team", null=True, blank=True, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    query = models.JSONField()
    position = models.PositiveSmallIntegerField(default=0)


class CustomField(models.Model):
    """A field of one's own on cases of some kinds."""

    class Type(models.TextChoices):
        TEXT = "text", _("文字")
        NUMBER = "number", _("数字")
        DATE = "date", _("日期")
        CHOICE = "choice", _("单选")
        BOOL = "bool", _("是否")

    code = models.SlugField(max_length=40, unique=True)
    label = models.CharField(max_length=60)
    type = models.CharField(max_length=8, choices=Type.choices, default=Type.TEXT)
    choices = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    kinds = ArrayField(models.CharField(max_length=12), default=list, blank=True)
    required_to_resolve = models.BooleanField(default=False)
    # On the customer's form and progress page; the others are staff's alone.
    public = models.BooleanField(default=False, db_default=False)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)


class CannedText(models.Model):
    """A ready answer with placeholders, found by `::` and pinyin initials; for all or one team."""

    title = models.CharField(max_length=80)
    body = models.TextField()
    initials = models.CharField(max_length=40, blank=True)
    team = models.ForeignKey("staff.Team", null=True, blank=True, on_delete=models.CASCADE)
    position = models.PositiveSmallIntegerField(default=0)

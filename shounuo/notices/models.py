"""Messages to staff (bell and mail) and the transport that every outgoing mail takes."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Relay(models.Model):
    """A mail server that takes our mail. The password is encrypted."""

    class Security(models.TextChoices):
        NONE = "none", _("不加密")
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS"

    name = models.CharField(max_length=80)
    host = models.CharField(max_length=255)
    port = models.PositiveIntegerField(default=587)
    security = models.CharField(max_length=8, choices=Security.choices, default=Security.STARTTLS)
    login = models.CharField(max_length=255, blank=True)
    password = models.TextField(blank=True)
    sender = models.EmailField(blank=True)
    is_default = models.BooleanField(default=False)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="notices_relay_default"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Notice(models.Model):
    """One thing a person should know. The text is made from kind and params when shown; `key` makes it
    once.
    """

    person = models.ForeignKey(
        "staff.Person", on_delete=models.CASCADE, related_name="notices", db_index=False
    )
    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.BigIntegerField(null=True)
    urgent = models.BooleanField(default=False)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["person", "-id"], name="notices_notice_person"),
            models.Index(fields=["person"], condition=models.Q(read_at=None), name="notices_notice_unread"),
        ]


class Way(models.Model):
    """A way to people outside of the bell and the mail: a group's robot, or a gateway for short messages.

    `address` (the whole URL: it holds the key) and `secret` are encrypted. `roles` whose messages go this way; none means
    all. For a gateway `body` is the JSON that it takes, with {phone} and {text} in it, and `success` stands in the answer
    of one that went well.
    """

    class Kind(models.TextChoices):
        DINGTALK = "dingtalk", _("钉钉群机器人")
        WECOM = "wecom", _("企业微信群机器人")
        FEISHU = "feishu", _("飞书群机器人")
        SMS = "sms", _("短信网关")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=80)
    address = models.TextField()
    secret = models.TextField(blank=True)
    body = models.TextField(blank=True)
    success = models.CharField(max_length=120, blank=True)
    roles = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    is_active = models.BooleanField(default=True)
    last_ok_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Sending(models.Model):
    """One message on a way: `key` makes it once. `target` is a phone for short messages, else empty.

    Queued ones are tried from `next_at` on; `answer` is what the other side said last.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("待发")
        SENT = "sent", _("已发出")
        FAILED = "failed", _("发送失败")
        HELD = "held", _("未外发")

    key = models.CharField(max_length=200, unique=True)
    way = models.ForeignKey(Way, on_delete=models.CASCADE, related_name="sendings")
    target = models.CharField(max_length=32, blank=True)
    text = models.TextField()
    urgent = models.BooleanField(default=False)
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    answer = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="queued"), name="notices_sending_due"),
            models.Index(fields=["-id"], name="notices_sending_latest"),
        ]


class QuietHours(models.Model):
    """From when to when those of a role are left alone, every day on the organisation's zone; over midnight where the
    end is not after the beginning. What is urgent comes through."""

    role = models.CharField(max_length=40, unique=True)
    starts = models.TimeField()
    ends = models.TimeField()


class OutgoingMail(models.Model):
    """A mail on its way out, one row per message; `key` makes it once, `message_id` stays the same over
    retries.

    `remaining` are the recipients who have not got it yet: some may be taken while others are put off.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("待发")
        SENT = "sent", _("已发出")
        FAILED = "failed", _("发送失败")
        HELD = "held", _("未外发")

    key = models.CharField(max_length=160, unique=True)
    message_id = models.CharField(max_length=255, db_index=True)
    relay = models.ForeignKey(Relay, null=True, on_delete=models.SET_NULL)
    sender = models.CharField(max_length=320)
    recipients = ArrayField(models.CharField(max_length=320))
    remaining = ArrayField(models.CharField(max_length=320), default=list)
    raw_sha256 = models.CharField(max_length=64)
    subject_kind = models.CharField(max_length=32, blank=True)
    subject_id = models.BigIntegerField(null=True)
    ref = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["next_at"], condition=models.Q(state="queued"), name="notices_mail_due"),
            models.Index(fields=["subject_kind", "subject_id"], name="notices_mail_subject"),
            models.Index(fields=["-id"], condition=models.Q(state="failed"), name="notices_mail_failed"),
        ]

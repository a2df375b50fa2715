"""How messages come in and go out: mailboxes, raw mails, the web form, portal codes, webhooks, idempotency
keys."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class Mailbox(models.Model):
    """An address that customers write to. Passwords are encrypted."""

    class Class(models.TextChoices):
        PRIMARY = "primary", _("主渠道")
        SECONDARY = "secondary", _("次要渠道")

    name = models.CharField(_("名称"), max_length=80)
    address = models.EmailField(_("地址"))
    aliases = ArrayField(models.EmailField(), default=list, blank=True)
    team = models.ForeignKey("staff.Team", null=True, blank=True, on_delete=models.PROTECT)
    channel_class = models.CharField(max_length=10, choices=Class.choices, default=Class.PRIMARY)
    from_name = models.CharField(_("发件人名称"), max_length=80, blank=True)
    signature = models.TextField(_("签名"), blank=True)
    relay = models.ForeignKey("notices.Relay", null=True, blank=True, on_delete=models.SET_NULL)
    plus_address = models.BooleanField(_("用加号地址认线索"), default=False)
    catch_all = models.BooleanField(_("接收任何地址"), default=False)
    receipt = models.BooleanField(_("自动回执"), default=True)
    imap_host = models.CharField(max_length=255, blank=True)
    imap_port = models.PositiveIntegerField(default=993)
    imap_security = models.CharField(max_length=8, default="tls")
    imap_login = models.CharField(max_length=255, blank=True)
    imap_password = models.TextField(blank=True)
    imap_folder = models.CharField(max_length=120, default="INBOX")
    imap_uidvalidity = models.BigIntegerField(null=True)
    imap_uid = models.BigIntegerField(default=0)
    imap_checked_at = models.DateTimeField(null=True)
    imap_error = models.TextField(blank=True)
    imap_failures = models.PositiveIntegerField(default=0)
    last_received_at = models.DateTimeField(null=True)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["catch_all"],
                condition=models.Q(catch_all=True, active=True),
                name="channels_mailbox_catch_all",
            )
        ]

    def __str__(self) -> str:
        return self.name


class RawMessage(models.Model):
    """A mail as it arrived, kept before anything is made of it.

    `source_key` makes it once: mailbox, UIDVALIDITY and UID for IMAP; envelope and content for SMTP within a
    day; content for imports. `fingerprint` is the same for one message that came by two ways. `sha256` is
    empty for a mail that the IMAP server named but could not give.
    """

    class State(models.TextChoices):
        STORED = "stored", _("已收存")
        CASE = "case", _("已成单")
        DUPLICATE = "duplicate", _("重复")
        BOUNCE = "bounce", _("退信")
        AUTO = "auto", _("自动回复")
        LOOP = "loop", _("循环")
        QUARANTINED = "quarantined", _("已隔离")
        RELEASED = "released", _("已处理")

    mailbox = models.ForeignKey(Mailbox, null=True, on_delete=models.PROTECT)
    via = models.CharField(max_length=8)  # smtp | imap | import
    source_key = models.CharField(max_length=200, unique=True)
    sha256 = models.CharField(max_length=64)
    size = models.IntegerField()
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = ArrayField(models.CharField(max_length=320), default=list)
    peer = models.CharField(max_length=64, blank=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.STORED)
    reason = models.CharField(max_length=300, blank=True)
    message_id = models.CharField(max_length=255, blank=True)
    fingerprint = models.CharField(max_length=64, blank=True)
    sender = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=300, blank=True)
    case_id = models.BigIntegerField(null=True)
    interaction_id = models.BigIntegerField(null=True)
    handled_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    may_answer = models.BooleanField(default=False)  # a receipt may be sent by itself

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state="stored"), name="channels_raw_stored"),
            models.Index(fields=["sha256"], name="channels_raw_sha"),
            models.Index(
                fields=["fingerprint"], condition=~models.Q(fingerprint=""), name="channels_raw_fingerprint"
            ),
            models.Index(fields=["state", "-id"], name="channels_raw_state"),
            models.Index(
                fields=["sender", "-id"], condition=~models.Q(sender=""), name="channels_raw_sender"
            ),
            models.Index(fields=["case_id"], name="channels_raw_case"),
        ]


class PortalCode(models.Model):
    """A sign-in code mailed to a customer; hashed, short-lived, few tries."""

    customer_id = models.BigIntegerField()
    mail = models.EmailField()
    hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["mail", "-id"], name="channels_portal_code_mail")]


class Webhook(models.Model):
    """Where events are told to other systems; the secret signs each delivery. `position` is how far the event
    log has been read for it; events that its person may not see are passed over.
    """

    name = models.CharField(max_length=80)
    url = models.URLField(max_length=500)
    secret = models.TextField()
    kinds = ArrayField(models.CharField(max_length=64), default=list)
    active = models.BooleanField(default=True)
    person = models.ForeignKey("staff.Person", on_delete=models.PROTECT)
    position = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    failing_since = models.DateTimeField(null=True)


class Delivery(models.Model):
    """One event to one webhook, with each try's outcome."""

    class State(models.TextChoices):
        QUEUED = "queued", _("待发")
        DONE = "done", _("已送达")
        FAILED = "failed", _("已放弃")

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event_id = models.BigIntegerField()
    kind = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    status_code = models.IntegerField(null=True)
    response = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["webhook", "event_id"], name="channels_delivery_once")]
        indexes = [models.Index(fields=["webhook", "-id"], name="channels_delivery_log")]


class IdempotencyKey(models.Model):
    """What a token's key answered; lives 24 h. `status` empty = the first call is still running. Token 0
    keeps the keys of the public form.
    """

    token_id = models.BigIntegerField()
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.SmallIntegerField(null=True)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_id", "key"], name="channels_idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="channels_idempotency_age")]

"""People of the organisation: who they are, which teams and roles they have, how they sign in, where they
are.
"""

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """The one organisation of this installation (a single row, id 1). `set_up_at` empty = the set-up page is
    open.
    """

    name = models.CharField(_("组织名称"), max_length=120)
    zone = models.CharField(_("时区"), max_length=64, default="Asia/Shanghai")
    public_address = models.URLField(_("对外网址"), blank=True)
    language = models.CharField(max_length=12, default="zh-hans")
    set_up_at = models.DateTimeField(null=True, blank=True)
    settings = models.JSONField(default=dict, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="staff_organisation_one")]


class Team(models.Model):
    """A team that cases are given to. `department` names the function it belongs to (service, tech, product
    ...).
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    department = models.CharField(max_length=40, default="service")
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return self.name


class Role(models.Model):
    """A named set of permission codes. `builtin` ones are kept in step with the product until they are
    edited. With `second_factor` who holds it works only with the second factor set up.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    permissions = ArrayField(models.CharField(max_length=60), default=list)
    builtin = models.BooleanField(default=False)
    edited = models.BooleanField(default=False)
    second_factor = models.BooleanField(default=False, db_default=False)

    def __str__(self) -> str:
        return self.name


class PersonManager(BaseUserManager["Person"]):
    def get_by_natural_key(self, username):  # type: ignore[no-untyped-def]
        return self.get(login__iexact=username)


class Person(AbstractBaseUser):
    """One who works here. Signs in by login, mail or phone; `sort_key` and `initials` are pinyin."""

    class Presence(models.TextChoices):
        ONLINE = "online", _("在线")
        BUSY = "busy", _("忙碌")
        AWAY = "away", _("离开")

    login = models.CharField(_("登录名"), max_length=60)
    name = models.CharField(_("姓名"), max_length=60)
    mail = models.EmailField(_("邮箱"), blank=True)
    phone = models.CharField(_("手机"), max_length=32, blank=True)
    sort_key = models.CharField(max_length=250, blank=True, db_index=True, db_collation="C")
    initials = models.CharField(max_length=60, blank=True)
    title = models.CharField(_("职务"), max_length=60, blank=True)
    language = models.CharField(max_length=12, blank=True)
    theme = models.CharField(max_length=8, default="auto")
    preferences = models.JSONField(default=dict, blank=True)
    is_active = models.BooleanField(default=True)
    presence = models.CharField(max_length=8, choices=Presence.choices, default=Presence.AWAY)
    presence_at = models.DateTimeField(null=True, blank=True)
    capacity = models.PositiveSmallIntegerField(default=20)
    totp_secret = models.TextField(blank=True)
    totp_confirmed_at = models.DateTimeField(null=True, blank=True)
    totp_last_step = models.BigIntegerField(default=0)
    recovery_codes = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    session_epoch = models.IntegerField(default=0)
    created_at = models.DateTimeField()
    teams: models.ManyToManyField = models.ManyToManyField(Team, through="Membership", related_name="people")
    roles: models.ManyToManyField = models.ManyToManyField(Role, related_name="people")

    USERNAME_FIELD = "login"
    objects = PersonManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("login"), name="staff_person_login"),
            models.UniqueConstraint(Lower("mail"), condition=~models.Q(mail=""), name="staff_person_mail"),
            models.UniqueConstraint(
                fields=["phone"], condition=~models.Q(phone=""), name="staff_person_phone"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session is checked against: it ends when the password changes or `session_epoch` moves."""
        return salted_hmac(
            "shounuo.staff.session",
            f"{self.password}:{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class Membership(models.Model):
    """A person in a team; `leads` makes him its supervisor."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    team = models.ForeignKey(Team, on_delete=models.CASCADE)
    leads = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "team"], name="staff_membership_once")]


class OneTimeLink(models.Model):
    """A link that signs in once: first set-up, invitation, password reset. Only the hash is kept."""

    hash = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class Token(models.Model):
    """An API token: acts as its person, cut down to `scopes` (permission codes; empty = all of the
    person's).
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class Bucket(models.Model):
    """A rate limit's counter for one key and window; counted in PostgreSQL so that every process sees it."""

    key = models.CharField(max_length=160)
    window_start = models.DateTimeField()
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "window_start"], name="staff_bucket_once")]
        indexes = [models.Index(fields=["window_start"], name="staff_bucket_window")]


class Shift(models.Model):
    """A plain span in which a person is on duty; escalations to people wait for it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["person", "starts_at"], name="staff_shift_person")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="staff_shift_forward"
            )
        ]

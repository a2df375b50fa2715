"""Customers 客户: people with several phones and mails, their companies, and merges that can be undone."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _


class Company(models.Model):
    """An organisation that customers belong to; new customers with a mail address of its domain join it."""

    name = models.CharField(_("单位"), max_length=160)
    sort_key = models.CharField(max_length=250, blank=True, db_index=True, db_collation="C")
    initials = models.CharField(max_length=60, blank=True)
    mail_domain = models.CharField(_("邮箱域名"), max_length=120, blank=True)
    region = models.CharField(_("地区"), max_length=120, blank=True)
    note = models.TextField(_("备注"), blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(Upper("name"), name="customers_company_name"),
            models.UniqueConstraint(
                fields=["mail_domain"],
                condition=~models.Q(mail_domain=""),
                name="customers_company_domain",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Customer(models.Model):
    """A person we serve. A merged one points at who took over; its contact points and cases have moved there.

    Until somebody gives a name (`named`), `name` is the masked address or number, so that it may stand
    anywhere.
    """

    name = models.CharField(_("姓名"), max_length=120)
    named = models.BooleanField(default=True)
    sort_key = models.CharField(max_length=250, blank=True, db_collation="C")
    initials = models.CharField(max_length=60, blank=True, db_index=True, db_collation="C")
    company = models.ForeignKey(
        Company, null=True, blank=True, on_delete=models.SET_NULL, related_name="customers"
    )
    title = models.CharField(_("职务"), max_length=60, blank=True)
    region = models.CharField(_("地区"), max_length=120, blank=True)
    note = models.TextField(_("备注"), blank=True)
    segment = models.CharField(max_length=20, blank=True)  # vip, new ... set by hand until segments are rules
    language = models.CharField(max_length=12, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    merged_into = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["sort_key", "id"], name="customers_customer_sort"),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="customers_customer_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ContactPoint(models.Model):
    """A mail address or phone number, normalised; it belongs to one customer at a time."""

    class Kind(models.TextChoices):
        MAIL = "mail", _("邮箱")
        PHONE = "phone", _("电话")

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="contact_points")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.CharField(max_length=320, db_collation="C")
    shown = models.CharField(max_length=320)
    primary = models.BooleanField(default=False)
    verified_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="customers_contact_once")]
        indexes = [GinIndex(fields=["value"], opclasses=["gin_trgm_ops"], name="customers_contact_value")]


class Merge(models.Model):
    """A merge of two customers and what it moved (ids by kind), so that it can be undone for 30 days."""

    source = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges_out")
    target = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges_in")
    moved = models.JSONField()
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    undone_at = models.DateTimeField(null=True)

"""Service level agreements 服务协议: what is promised to a customer, a company or a segment beyond what all are promised."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Agreement(models.Model):
    """An agreement with its parties, promises, duties and validity.

    Exactly one of `customer`, `company`, `segment` is whom it binds for; `signer` is the customer who accepts it, none
    for a segment, which is promised without being asked. `promises`: [{base (kind, name and body of the rule that is
    bettered), clause, within, target, benchmark, source}]. While it is active they stand in a policy of its own
    (`code`), with rules that bind its cases only.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("草拟")
        OFFERED = "offered", _("待客户确认")
        ACCEPTED = "accepted", _("已确认，待生效")
        ACTIVE = "active", pgettext_lazy("agreement", "生效中")
        DECLINED = "declined", _("客户未同意")
        ENDED = "ended", pgettext_lazy("agreement", "已终止")

    title = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    customer = models.ForeignKey(
        "customers.Customer", null=True, on_delete=models.PROTECT, related_name="agreements"
    )
    company = models.ForeignKey(
        "customers.Company", null=True, on_delete=models.PROTECT, related_name="agreements"
    )
    segment = models.CharField(max_length=20, blank=True)
    signer = models.ForeignKey("customers.Customer", null=True, on_delete=models.PROTECT, related_name="+")
    services = models.TextField(blank=True)
    priorities = models.TextField(blank=True)
    ours = models.TextField(blank=True)
    theirs = models.TextField(blank=True)
    promises = models.JSONField(default=list)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    offered_at = models.DateTimeField(null=True)
    offered_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(customer__isnull=False, company=None, segment="")
                | models.Q(customer=None, company__isnull=False, segment="")
                | models.Q(customer=None, company=None) & ~models.Q(segment=""),
                name="agreements_one_party",
            ),
            models.CheckConstraint(
                condition=models.Q(valid_until=None) | models.Q(valid_until__gte=models.F("valid_from")),
                name="agreements_forward",
            ),
        ]
        indexes = [models.Index(fields=["state"], name="agreements_state")]

    def __str__(self) -> str:
        return self.title

    @property
    def code(self) -> str:
        """The code of its policy, and what its cases have as the fact `agreement`."""
        return f"sla-{self.pk}"

    def clause_code(self, number: int) -> str:
        """The code of the clause of its promise so numbered, from 1."""
        return f"SLA-{self.pk}.{number}"

"""Grants 补偿与特批: what is given beyond what everybody gets, on a case or for the organisation, and who let it be given."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Grant(models.Model):
    """Something granted, or asked for: of a kind that an authority rule names, with an amount in fen, or (a special request)
    without one. On a case; or, where the rule speaks of the organisation, on no case and `about` something.

    Within the asker's limit it is granted at once (`decided_by` = `asked_by`). Else `roles` are who may decide it, and a duty of
    theirs waits; `round` grows when it is passed on to others because the sum has grown. `total` is what the sum over its scope
    came to with it, as judged last. `stood_in_for` is in whose place a stand-in decided. What was granted counts in the sum
    until it is withdrawn. What belongs to no case keeps in `roles` who could decide it also when it was granted at once: they
    see it.
    """

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("grant", "待批")
        GRANTED = "granted", pgettext_lazy("grant", "已批")
        REFUSED = "refused", pgettext_lazy("grant", "未批")
        WITHDRAWN = "withdrawn", pgettext_lazy("grant", "已撤回")

    class Via(models.TextChoices):
        PAGE = "page", _("网页")
        MAIL = "mail", _("邮件链接")
        API = "api", _("接口")

    case = models.ForeignKey("cases.Case", null=True, on_delete=models.PROTECT, related_name="grants")
    about = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=64)
    amount = models.BigIntegerField(null=True)
    total = models.BigIntegerField(null=True)
    reason = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey("staff.Person", on_delete=models.PROTECT, related_name="+")
    roles = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    round = models.PositiveSmallIntegerField(default=1)
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    stood_in_for = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    via = models.CharField(max_length=4, choices=Via.choices, blank=True)
    note = models.TextField(blank=True)  # what was said with the decision, or why it was withdrawn
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("staff.Person", null=True, on_delete=models.PROTECT, related_name="+")
    clause_code = models.CharField(max_length=64)
    rule_id = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount=None) | models.Q(amount__gt=0), name="cases_grant_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(state="asked", decided_at=None, withdrawn_at=None)
                | models.Q(state__in=["granted", "refused"], decided_at__isnull=False, withdrawn_at=None)
                | models.Q(state="withdrawn", withdrawn_at__isnull=False),
                name="cases_grant_decided",
            ),
            models.CheckConstraint(
                condition=models.Q(case__isnull=False, about="")
                | (models.Q(case=None) & ~models.Q(about="")),
                name="cases_grant_about",
            ),
        ]
        indexes = [
            models.Index(fields=["case", "kind"], name="cases_grant_case"),
            models.Index(fields=["asked_at"], condition=models.Q(state="asked"), name="cases_grant_asked"),
            models.Index(fields=["-asked_at", "-id"], name="cases_grant_latest"),
            models.Index(
                fields=["-asked_at", "-id"], condition=models.Q(case=None), name="cases_grant_organisation"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount or ''} {self.state}"

    @property
    def is_asked(self) -> bool:
        return self.state == self.State.ASKED

"""The dialog in which money, or something special, is asked for on a case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases import services
from shounuo.cases.models import Case
from shounuo.cases.queries import grants
from shounuo.kernel.actors import Actor
from shounuo.kernel.clock import now
from shounuo.policy import labels
from shounuo.web.approvals.showing import standing
from shounuo.web.desk.forms import LONG, ActForm


class Grant(ActForm):
    """Money, or something special: what it is stands in the head when it was chosen on the page."""

    kind = forms.ChoiceField(label=_("申请什么"))
    amount = forms.DecimalField(
        label=_("金额（元）"),
        required=False,
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(label=_("事由"), widget=LONG, max_length=2000)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offers = {o.kind: o for o in grants.offers(self.actor, self.it.case, now())}
        self.fields["kind"].choices = [(kind, labels.word(kind)) for kind in offers]  # type: ignore[attr-defined]
        chosen = self.data.get("kind") or self.initial.get("kind") or next(iter(offers), "")
        self.offer = offers.get(str(chosen))
        if self.offer is not None:
            self.fields["kind"].initial = chosen
            self.fields["kind"].widget = forms.HiddenInput()
            if not self.offer.money:
                del self.fields["amount"]

    @property
    def lead(self) -> str:
        return standing(self.offer) if self.offer is not None else ""

    def run(self, case: Case, values: dict[str, Any], actor: Actor, at: datetime) -> int | None:
        amount = values.get("amount")
        services.grant_ask(
            case_id=case.pk,
            kind=values["kind"],
            amount=int(amount * 100) if amount is not None else None,
            reason=values["reason"],
            actor=actor,
            at=at,
        )
        return None

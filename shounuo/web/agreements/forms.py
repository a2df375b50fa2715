"""The form in which an agreement is drawn up."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from shounuo.agreements import queries
from shounuo.agreements.models import Agreement
from shounuo.agreements.services import Promise
from shounuo.customers.models import Company, Customer
from shounuo.kernel.durations import Percent, Span, parse
from shounuo.kernel.text import whole
from shounuo.web.days import DayField

ROWS = 6
UNITS: dict[str, Any] = {
    "M": gettext_lazy("分钟"),
    "H": gettext_lazy("小时"),
    "D": gettext_lazy("天"),
    "BH": gettext_lazy("服务小时"),
    "BD": gettext_lazy("个工作日"),
}
FORMS = {"M": "PT{}M", "H": "PT{}H", "D": "P{}D", "BH": "PT{}BH", "BD": "P{}BD"}
AREA = forms.Textarea(attrs={"rows": 3})


def iso(amount: int, unit: str) -> str:
    """The length of time that an amount of a unit is."""
    return FORMS[unit].format(amount)


def parted(text: str) -> tuple[int, str]:
    """The amount and unit of a length made by `iso`; minutes of any other."""
    for unit, form in FORMS.items():
        head, _place, tail = form.partition("{}")
        amount = whole(text.removeprefix(head).removesuffix(tail))
        if text.startswith(head) and text.endswith(tail) and amount is not None:
            return amount, unit
    span: Span = parse(text)
    return (span.days * 86_400 + span.seconds) // 60, "M"


class AgreementForm(forms.Form):
    """An agreement for a customer, a company (who of it signs) or a segment; up to six promises."""

    HEAD = (
        "title", "segment", "signer", "services", "priorities", "ours", "theirs", "valid_from", "valid_until"
    )  # fmt: skip

    title = forms.CharField(label=gettext_lazy("名称"), max_length=120)
    segment = forms.CharField(
        label=gettext_lazy("给哪个客户分群"),
        max_length=20,
        help_text=gettext_lazy("分群的代码，例如 vip；分群的承诺不用客户确认"),
    )
    signer = forms.ModelChoiceField(label=gettext_lazy("由谁确认"), queryset=Customer.objects.none())
    services = forms.CharField(label=gettext_lazy("服务内容"), widget=AREA, required=False, max_length=5000)
    priorities = forms.CharField(label=gettext_lazy("优先次序"), widget=AREA, required=False, max_length=5000)
    ours = forms.CharField(label=gettext_lazy("我们的职责"), widget=AREA, required=False, max_length=5000)
    theirs = forms.CharField(label=gettext_lazy("客户的职责"), widget=AREA, required=False, max_length=5000)
    valid_from = DayField(label=gettext_lazy("从哪天起"))
    valid_until = DayField(
        label=gettext_lazy("到哪天"), required=False, help_text=gettext_lazy("不填就是长期")
    )

    of_service = {"promises": "rule_1"}
    halves = ("valid_from", "valid_until")

    def __init__(
        self, *args: Any, customer: Customer | None, company: Company | None, at: datetime, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.customer, self.company = customer, company
        if customer is not None or company is not None:
            del self.fields["segment"]
        if company is None:
            del self.fields["signer"]
        else:
            mine = Customer.objects.filter(company=company, merged_into=None, erased_at=None)
            self.fields["signer"].queryset = mine.order_by("sort_key", "id")  # type: ignore[attr-defined]
        choices = [("", _("（不用）")), *((row.pk, label) for row, _spec, label in queries.bases(at))]
        for n in range(1, ROWS + 1):
            self.fields[f"rule_{n}"] = forms.TypedChoiceField(
                label=_("承诺 %(n)d") % {"n": n},
                choices=choices,
                coerce=int,
                empty_value=None,
                required=n == 1,
            )
            self.fields[f"amount_{n}"] = _amount(_("多长时间内"), required=n == 1)
            self.fields[f"unit_{n}"] = forms.ChoiceField(
                label=pgettext("measure", "单位"), choices=UNITS.items(), initial="H"
            )
            self.fields[f"target_{n}"] = forms.IntegerField(
                label=_("守诺率至少，百分之"), min_value=1, max_value=100, required=False
            )
            self.fields[f"benchmark_{n}"] = _amount(_("行业基准"), required=False)
            self.fields[f"benchmark_unit_{n}"] = forms.ChoiceField(
                label=pgettext("measure", "单位"), choices=UNITS.items(), initial="H"
            )
            self.fields[f"source_{n}"] = forms.CharField(
                label=_("基准的来源"), max_length=200, required=False
            )

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        for n in range(1, ROWS + 1):
            if given.get(f"rule_{n}") and not given.get(f"amount_{n}") and f"amount_{n}" not in self.errors:
                self.add_error(f"amount_{n}", _("请填多长时间"))
        return given

    def values(self) -> dict[str, Any]:
        """What the service takes."""
        given = self.cleaned_data
        names = [name for name in self.HEAD if name not in ("segment", "signer")]
        signer = given.get("signer")
        return {name: given[name] for name in names} | {
            "segment": given.get("segment", ""),
            "customer_id": self.customer.pk if self.customer is not None else None,
            "company_id": self.company.pk if self.company is not None else None,
            "signer_id": signer.pk if signer is not None else None,
            "promises": [self._promise(n) for n in range(1, ROWS + 1) if given.get(f"rule_{n}")],
        }

    def _promise(self, n: int) -> Promise:
        given = self.cleaned_data
        target, benchmark = given[f"target_{n}"], given[f"benchmark_{n}"]
        return Promise(
            given[f"rule_{n}"],
            iso(given[f"amount_{n}"], given[f"unit_{n}"]),
            str(Percent(target * 100)) if target else "",
            iso(benchmark, given[f"benchmark_unit_{n}"]) if benchmark else "",
            given[f"source_{n}"],
        )

    def groups(self) -> list[dict[str, Any]]:
        """The promises, each under its heading, those in use open."""
        names = ("rule", "amount", "unit", "target", "benchmark", "benchmark_unit", "source")
        return [
            {
                "title": _("承诺 %(n)d") % {"n": n},
                "open": n == 1 or bool(self[f"rule_{n}"].value()),
                "fields": [self[f"{name}_{n}"] for name in names],
            }
            for n in range(1, ROWS + 1)
        ]

    def head(self) -> list[Any]:
        """The fields before the promises."""
        return [self[name] for name in self.HEAD if name in self.fields]


def _amount(label: str, *, required: bool) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=1, max_value=10_000, required=required)


def initial_of(agreement: Agreement, at: datetime) -> dict[str, Any]:
    """A draft as the form shows it; a promise whose rule is no longer in force is left out."""
    found = {name: getattr(agreement, name) for name in AgreementForm.HEAD}
    bases = {(row.clause.code, spec.name): row.pk for row, spec, _label in queries.bases(at)}
    for n, promise in enumerate(agreement.promises[:ROWS], start=1):
        found[f"rule_{n}"] = bases.get((promise["clause"], promise["name"]), "")
        found[f"amount_{n}"], found[f"unit_{n}"] = parted(promise["within"])
        if promise["target"]:
            found[f"target_{n}"] = int(float(promise["target"].rstrip("%")))
        if promise["benchmark"]:
            found[f"benchmark_{n}"], found[f"benchmark_unit_{n}"] = parted(promise["benchmark"])
        found[f"source_{n}"] = promise["source"]
    return found

"""What is asked when a grant is decided or withdrawn, and when somebody is away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.web.days import MomentField
from shounuo.web.duties.forms import people


class DecideForm(forms.Form):
    """Which of the two buttons, and a word with it."""

    note = forms.CharField(
        label=_("说明"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    decision = forms.ChoiceField(choices=[("approve", ""), ("refuse", "")], widget=forms.HiddenInput())


class RequestForm(forms.Form):
    """What is asked for on no case; its kind was chosen before."""

    about = forms.CharField(
        label=_("什么事"),
        max_length=200,
        help_text=_("写到批的人一看就知道是哪一份、哪一次，例如：第三季度服务质量报告对外发布"),
    )
    amount = forms.DecimalField(
        label=_("金额（元）"),
        required=False,
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
    )
    reason = forms.CharField(label=_("事由"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, money: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not money:
            del self.fields["amount"]


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=300)


class AbsenceForm(forms.Form):
    person = forms.TypedChoiceField(label=_("谁不在"), coerce=int)
    delegate = forms.TypedChoiceField(label=_("由谁代为审批"), coerce=int)
    starts_at = MomentField(label=_("从"))
    ends_at = MomentField(label=_("到"))
    reason = forms.CharField(label=_("事由"), max_length=200, required=False)

    def __init__(self, *args: Any, only: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = people()
        self.fields["delegate"].choices = rows  # type: ignore[attr-defined]
        if only is None:
            self.fields["person"].choices = rows  # type: ignore[attr-defined]
        else:
            del self.fields["person"]

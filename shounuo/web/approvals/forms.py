"""What is asked when a grant is decided or withdrawn, and when somebody is away."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.web.duties.forms import people

WHEN = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class DecideForm(forms.Form):
    """Which of the two buttons, and a word with it."""

    note = forms.CharField(
        label=_("说明"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    decision = forms.ChoiceField(choices=[("approve", ""), ("refuse", "")], widget=forms.HiddenInput())


class WithdrawForm(forms.Form):
    reason = forms.CharField(label=_("理由"), max_length=300)


class AbsenceForm(forms.Form):
    person = forms.TypedChoiceField(label=_("谁不在"), coerce=int)
    delegate = forms.TypedChoiceField(label=_("由谁代为审批"), coerce=int)
    starts_at = forms.DateTimeField(label=_("从"), widget=WHEN)
    ends_at = forms.DateTimeField(label=_("到"), widget=WHEN)
    reason = forms.CharField(label=_("事由"), max_length=200, required=False)

    def __init__(self, *args: Any, only: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = people()
        self.fields["delegate"].choices = rows  # type: ignore[attr-defined]
        if only is None:
            self.fields["person"].choices = rows  # type: ignore[attr-defined]
        else:
            del self.fields["person"]

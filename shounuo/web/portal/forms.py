"""The forms of the customer's pages. What a service refuses is shown at its field by the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases.rules import fields as rules
from shounuo.kernel.text import fold_width, whole
from shounuo.web.portal import fields

# A customer's words for the kinds of a case.
KINDS: tuple[tuple[str, Any], ...] = (
    ("inquiry", _("想问问")),
    ("request", _("要办一件事")),
    ("aftersales", _("产品有问题")),
    ("complaint", _("要投诉")),
    ("suggestion", _("提建议")),
    ("praise", _("表扬")),
)
REASONS: tuple[tuple[str, Any], ...] = (
    ("unsolved", _("没有解决")),
    ("partly", _("只解决了一部分")),
    ("again", _("又出现了")),
    ("cost", _("费用不对")),
    ("unlike", _("和说好的不一样")),
    ("other", _("其他")),
)


class AskForm(forms.Form):
    """A new request. Who is signed in is not asked who he is."""

    kind = forms.ChoiceField(choices=KINDS, label=_("什么事"))
    title = forms.CharField(label=_("一句话说清是什么事"), max_length=200)
    text = forms.CharField(
        label=_("详细情况"),
        widget=forms.Textarea,
        max_length=20_000,
        help_text=_("在哪里、什么时候开始、已经试过什么"),
    )
    name = forms.CharField(label=_("怎么称呼您"), max_length=120, required=False)
    phone = forms.CharField(
        label=_("手机号"), max_length=40, required=False, help_text=_("手机和邮箱至少留一个")
    )
    mail = forms.CharField(
        label=_("邮箱"), max_length=320, required=False, help_text=_("有进展时写信告诉您，也凭它查看进度")
    )
    website = forms.CharField(label=_("网址"), max_length=200, required=False)  # a trap: people do not see it
    nonce = forms.CharField(max_length=100, widget=forms.HiddenInput)

    own: list[rules.Field]
    own_names: list[str]

    def __init__(
        self, *args: Any, own: Sequence[rules.Field] = (), known: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if known:
            for name in ("name", "phone", "mail"):
                del self.fields[name]
        self.own = list(own)
        self.own_names = fields.add_to(self, self.own)

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("请把“网址”一栏清空再发"), code="trap")
        return ""

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.own_names]


class MailForm(forms.Form):
    """Signing in: where the code goes."""

    mail = forms.CharField(
        label=_("您的邮箱"),
        max_length=320,
        widget=forms.TextInput(attrs={"type": "email", "autocomplete": "email"}),
    )
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)


class CodeForm(forms.Form):
    """Signing in: the code that came."""

    code = forms.CharField(
        label=_("六位验证码"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
    )
    mail = forms.CharField(max_length=320, widget=forms.HiddenInput)
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)


class FindForm(forms.Form):
    """A case by its number."""

    number = forms.CharField(
        label=_("单号"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_number(self) -> int:
        number = whole(fold_width(self.cleaned_data["number"]).strip().lstrip("#"))
        if number is None:
            raise forms.ValidationError(_("单号是一串数字，在回执里能找到"), code="bad_number")
        return number

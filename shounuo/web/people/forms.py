"""Forms about customers and their companies. Services judge; these carry what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shounuo.customers.models import ContactPoint

SEGMENTS: tuple[tuple[str, Any], ...] = (
    ("", _("未分群")),
    ("vip", _("重点")),
    ("key", _("大客户")),
    ("new", _("新客户")),
    ("risk", _("可能流失")),
)


class CustomerForm(forms.Form):
    """What is kept of a customer beside his contact points."""

    name = forms.CharField(label=_("姓名"), max_length=120)
    company = forms.CharField(
        label=_("单位"),
        max_length=160,
        required=False,
        help_text=_("没有这个单位就新建一个；清空是不属于任何单位"),
    )
    title = forms.CharField(label=_("职务"), max_length=60, required=False)
    region = forms.CharField(label=_("地区"), max_length=120, required=False)
    segment = forms.ChoiceField(label=_("分群"), choices=SEGMENTS, required=False)
    language = forms.ChoiceField(
        label=_("语言"), choices=[("", _("不限")), *settings.LANGUAGES], required=False
    )
    note = forms.CharField(
        label=_("备注"), widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000, required=False
    )


class NewForm(forms.Form):
    """A customer entered by hand; one of the three is enough."""

    name = forms.CharField(label=_("姓名"), max_length=120, required=False)
    phone = forms.CharField(label=_("电话"), max_length=40, required=False)
    mail = forms.CharField(label=_("邮箱"), max_length=320, required=False)
    company = forms.CharField(label=_("单位"), max_length=160, required=False)


class ContactForm(forms.Form):
    """One more address or number."""

    kind = forms.ChoiceField(label=_("种类"), choices=ContactPoint.Kind.choices)
    value = forms.CharField(label=_("号码或邮箱"), max_length=320)
    primary = forms.BooleanField(label=_("先用这个联系"), required=False)


class EraseForm(forms.Form):
    """Erasing asks for the name: it cannot be taken back."""

    sure = forms.CharField(
        label=_("照抄一遍姓名"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name = name

    def clean_sure(self) -> str:
        if self.cleaned_data["sure"].strip() != self.name:
            raise forms.ValidationError(_("和姓名不一样，没有删除"), code="not_sure")
        return self.name


class CompanyForm(forms.Form):
    """A company."""

    name = forms.CharField(label=_("单位名称"), max_length=160)
    mail_domain = forms.CharField(
        label=_("邮箱域名"),
        max_length=120,
        required=False,
        help_text=_("以后用这个域名的邮箱来信的新客户，自动算在这个单位"),
    )
    region = forms.CharField(label=_("地区"), max_length=120, required=False)
    note = forms.CharField(
        label=_("备注"), widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000, required=False
    )

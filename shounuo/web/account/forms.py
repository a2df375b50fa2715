"""Forms of the account pages. What is allowed is decided by the services; these only read what was typed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shounuo.staff.models import Person
from shounuo.web.console.told import permission_choices


def _password(label: Any, autocomplete: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    return forms.CharField(label=label, strip=False, max_length=256, widget=widget)


class SignInForm(forms.Form):
    username = forms.CharField(label=_("登录名、邮箱或手机"), max_length=254)
    password = _password(_("密码"), "current-password")


class CodeForm(forms.Form):
    code = forms.CharField(label=_("验证码或备用码"), max_length=40)


class ForgotForm(forms.Form):
    identifier = forms.CharField(label=_("登录名、邮箱或手机"), max_length=254)


class NewPasswordForm(forms.Form):
    password = _password(_("新密码"), "new-password")
    again = _password(_("再输一遍"), "new-password")

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if "password" in self.cleaned_data and again != self.cleaned_data["password"]:
            raise forms.ValidationError(_("两遍输的不一样"))
        return again


class ChangePasswordForm(NewPasswordForm):
    old = _password(_("原密码"), "current-password")
    field_order = ("old", "password", "again")


class PasswordForm(forms.Form):
    password = _password(_("密码"), "current-password")


class ProfileForm(forms.Form):
    halves = ("language", "theme", "mail_notices")

    presence = forms.ChoiceField(label=_("状态"), choices=Person.Presence.choices, widget=forms.RadioSelect)
    language = forms.ChoiceField(
        label=_("语言"), choices=[("", _("随浏览器")), *settings.LANGUAGES], required=False
    )
    theme = forms.ChoiceField(
        label=_("外观"), choices=[("auto", _("随系统")), ("light", _("浅色")), ("dark", _("深色"))]
    )
    mail_notices = forms.ChoiceField(
        label=_("通知发到邮箱"),
        choices=[("urgent", _("只发紧急的")), ("all", _("都发")), ("none", _("不发"))],
        help_text=_("不紧急的等到您当班时才发"),
    )


class TokenForm(forms.Form):
    halves = ("name", "days")

    name = forms.CharField(label=_("名字"), max_length=80, help_text=_("写明谁在用，例如“报表脚本”"))
    days = forms.TypedChoiceField(
        label=_("有效期"),
        coerce=int,
        choices=[(30, _("30 天")), (90, _("90 天")), (365, _("一年")), (0, _("不限"))],
        initial=90,
    )
    scopes = forms.MultipleChoiceField(
        label=_("可以做什么"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("一项都不选，就与您的权限相同"),
    )

    def __init__(self, *args: Any, permissions: frozenset[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = permission_choices(permissions)

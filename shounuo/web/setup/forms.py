"""The one form of the first set-up."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from shounuo.notices.models import Relay
from shounuo.policy import packs
from shounuo.web.console.hours import WeekForm
from shounuo.web.ops import first

RELAY = ("relay_host", "relay_port", "relay_security", "relay_login", "relay_password")


class SetUpForm(WeekForm):
    """Everything that an installation must know before it serves; what is refused is shown with all that was typed."""

    organisation = forms.CharField(label=_("组织名称"), max_length=120)
    zone = forms.ChoiceField(label=_("时区"), initial="Asia/Shanghai")
    public_address = forms.CharField(
        label=_("对外网址"),
        required=False,
        max_length=200,
        help_text=_("客户和同事打开守诺的网址，邮件里的链接都用它；现在不定就留空"),
    )
    mailbox = forms.EmailField(
        label=_("客户写信到"),
        help_text=_("例如 kefu@您的域名；以后可以再加邮箱"),
        error_messages={"invalid": _("要写完整的邮箱地址，例如 kefu@example.cn")},
    )
    catch_all = forms.BooleanField(
        label=_("寄到其他地址的信也收"),
        required=False,
        initial=True,
        help_text=_("现在寄到任何地址的信都收，试用时方便；正式使用建议关掉，不认识的地址就会退回"),
    )
    relay_host = forms.CharField(
        label=_("服务器"),
        required=False,
        max_length=255,
        help_text=_("例如 smtp.exmail.qq.com；留空则暂时只收不发"),
    )
    relay_port = forms.IntegerField(
        label=_("端口"), required=False, initial=587, min_value=1, max_value=65535
    )
    relay_security = forms.ChoiceField(
        label=_("加密"), required=False, choices=Relay.Security.choices, initial=Relay.Security.STARTTLS
    )
    relay_login = forms.CharField(label=_("账号"), required=False, max_length=255)
    relay_password = forms.CharField(
        label=_("密码"),
        required=False,
        strip=False,
        # typed a moment ago by the reader of this very answer, and stored nowhere yet: nothing typed is lost
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "new-password"}),
    )
    pack = forms.ChoiceField(
        label=_("从哪一套开始"),
        required=False,
        widget=forms.RadioSelect,
        help_text=_("条款从今天起执行，以后可以另立新版本"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(z, z) for z in sorted(available_timezones())]  # type: ignore[attr-defined]
        titles = packs.titles(get_language() or "")
        self.fields["pack"].choices = [*titles.items(), ("", _("先不用"))]  # type: ignore[attr-defined]
        self.initial.setdefault("pack", next(iter(titles), ""))

    @property
    def relay(self) -> list[forms.BoundField]:
        return [self[name] for name in RELAY[1:]]

    def answers(self) -> first.Answers:
        """The cleaned values as set-up takes them."""
        v = self.cleaned_data
        relay = None
        if v["relay_host"]:
            relay = first.RelayAnswer(
                host=v["relay_host"],
                port=v["relay_port"] or 587,
                security=v["relay_security"] or Relay.Security.STARTTLS,
                login=v["relay_login"],
                password=v["relay_password"],
            )
        return first.Answers(
            organisation=v["organisation"],
            zone=v["zone"],
            public_address=v["public_address"],
            weekly=v["weekly"],
            mailbox=v["mailbox"],
            catch_all=v["catch_all"],
            relay=relay,
            pack=v["pack"] or None,
        )

"""What is noted while a call or a visit lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case, Topic
from shounuo.cases.rules import fields as rules
from shounuo.kernel.text import whole
from shounuo.staff.models import Person, Team
from shounuo.web.portal import fields

# In the order of their keys 1 to 6.
KINDS: tuple[tuple[str, Any], ...] = (
    ("inquiry", _("咨询")),
    ("request", _("请求")),
    ("aftersales", _("售后")),
    ("complaint", _("投诉")),
    ("suggestion", _("建议")),
    ("praise", _("表扬")),
)
ME = "me"


class IntakeForm(forms.Form):
    """The form. Lists of topics, teams and people are handed in; own fields are those of the chosen kind."""

    customer = forms.IntegerField(required=False, min_value=1)
    phone = forms.CharField(label=_("电话"), max_length=40, required=False)
    name = forms.CharField(label=_("姓名"), max_length=120, required=False)
    region = forms.CharField(label=_("地区"), max_length=120, required=False)
    kind = forms.ChoiceField(choices=KINDS, error_messages={"required": _("请选类型")})
    title = forms.CharField(label=_("一句话"), max_length=200)
    text = forms.CharField(label=_("客户原话与经过"), widget=forms.Textarea, max_length=20_000)
    topic = forms.ChoiceField(label=_("主题"), required=False)
    level = forms.ChoiceField(choices=[("", _("未定")), *Case.Level.choices], required=False)
    complexity = forms.ChoiceField(
        label=_("难易"), choices=[("", _("未定")), *Case.Complexity.choices], required=False
    )
    assign = forms.ChoiceField(label=_("分派"), required=False)
    said = forms.CharField(
        label=_("复述"), widget=forms.Textarea(attrs={"rows": 2}), max_length=2000, required=False
    )
    composed = forms.CharField(required=False, max_length=2000, widget=forms.HiddenInput)
    confirmed = forms.ChoiceField(
        choices=[("yes", _("客户说对")), ("more", _("有补充"))],
        error_messages={"required": _("请先向客户复述，再选他怎么说")},
    )
    more = forms.CharField(
        label=_("补充了什么"), widget=forms.Textarea(attrs={"rows": 2}), max_length=5000, required=False
    )
    nonce = forms.CharField(max_length=100, widget=forms.HiddenInput)

    def __init__(
        self,
        *args: Any,
        topics: Sequence[Topic] = (),
        teams: Sequence[Team] = (),
        people: Sequence[Person] = (),
        own: Sequence[rules.Field] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.own = list(own)
        self.own_names = fields.add_to(self, self.own)
        self.fields["topic"].choices = [("", _("未定")), *((str(t.pk), t.full_name) for t in topics)]  # type: ignore[attr-defined]
        self.fields["assign"].choices = [  # type: ignore[attr-defined]
            (ME, _("我来办")),
            (_("小组"), [(f"team:{t.pk}", t.name) for t in teams]),
            (_("同事"), [(f"person:{p.pk}", p.name) for p in people]),
        ]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("customer") and not (values.get("phone") or values.get("name")):
            self.add_error("phone", _("请填电话或姓名"))
        if values.get("confirmed") == "more" and not values.get("more", "").strip():
            self.add_error("more", _("请写下他补充了什么"))
        return values

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.own_names]


def assigned(text: str) -> tuple[str, int]:
    """("me", 0), ("team", id) or ("person", id) of a choice of `assign`."""
    kind, _colon, id = text.partition(":")
    number = whole(id)
    return (kind, number) if kind in ("team", "person") and number is not None else (ME, 0)

"""What may be done to many cases at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case
from shounuo.kernel.errors import NotFound
from shounuo.web.desk.forms import people_choices, split_tags, team_choices


class Assign(forms.Form):
    person = forms.ChoiceField(label=_("负责人"), required=False)
    team = forms.ChoiceField(label=_("小组"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people_choices()  # type: ignore[attr-defined]
        self.fields["team"].choices = team_choices()  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not values.get("person") and not values.get("team") and not self.errors:
            self.add_error("person", _("请选一个人或一个小组"))
        return values


class Tag(forms.Form):
    tags = forms.CharField(label=_("标签"), max_length=400, help_text=_("用逗号或空格隔开；原有的标签都留着"))


class Priority(forms.Form):
    priority = forms.ChoiceField(label=_("优先级"), choices=Case.Priority.choices)


@dataclass(frozen=True, slots=True)
class Many:
    """An act on many cases: what it is called, and the form that asks for its parameters."""

    label: Any
    form: type[forms.Form] = forms.Form


MANY = {
    "take": Many(_("我来接")),
    "assign": Many(_("分派"), Assign),
    "tag": Many(_("加标签"), Tag),
    "priority": Many(_("定优先级"), Priority),
    "close": Many(_("关闭")),
}


def many(what: str) -> Many:
    if what not in MANY:
        raise NotFound(_("没有这个批量动作"))
    return MANY[what]


def action_of(what: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The action of `cases_bulk` and its parameters."""
    match what:
        case "assign":
            return "assign", {
                "person_id": int(values["person"]) if values["person"] else None,
                "team_id": int(values["team"]) if values["team"] else None,
            }
        case "tag":
            return "tags", {"tags": split_tags(values["tags"]), "keep": True}
        case "priority":
            return "classify", {"priority": values["priority"]}
        case _:
            return what, {}

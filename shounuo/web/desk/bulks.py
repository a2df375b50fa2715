"""What may be done to many cases at once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case
from shounuo.kernel.errors import NotFound
from shounuo.staff import queries as staff
from shounuo.web.desk.forms import split_tags

LABELS = {
    "take": _("我来接"),
    "assign": _("分派"),
    "tag": _("打标签"),
    "priority": _("定优先级"),
    "close": _("关闭"),
}


class AssignMany(forms.Form):
    person = forms.ChoiceField(label=_("负责人"), required=False)
    team = forms.ChoiceField(label=_("小组"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [("", _("不指定")), *[(str(p.pk), p.name) for p in staff.people()]]  # type: ignore[attr-defined]
        self.fields["team"].choices = [("", _("不指定")), *[(str(t.pk), t.name) for t in staff.teams()]]  # type: ignore[attr-defined]


class TagMany(forms.Form):
    tags = forms.CharField(label=_("标签"), max_length=400, help_text=_("用逗号或空格隔开"))


class PriorityMany(forms.Form):
    priority = forms.ChoiceField(label=_("优先级"), choices=Case.Priority.choices)


_FORMS: dict[str, type[forms.Form]] = {
    "take": forms.Form,
    "assign": AssignMany,
    "tag": TagMany,
    "priority": PriorityMany,
    "close": forms.Form,
}


def form_of(what: str, data: Any) -> forms.Form:
    if what not in _FORMS:
        raise NotFound(_("没有这个批量动作"))
    return _FORMS[what](data)


def asked(what: str, values: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The action of `cases_bulk` and its parameters."""
    match what:
        case "assign":
            return "assign", {
                "person_id": int(values["person"]) if values["person"] else None,
                "team_id": int(values["team"]) if values["team"] else None,
            }
        case "tag":
            return "tags", {"tags": split_tags(values["tags"])}
        case "priority":
            return "classify", {"priority": values["priority"]}
        case _:
            return what, {}

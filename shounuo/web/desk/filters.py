"""The filters of a list: what an address asks for, how people call it, and the dialog in which it is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shounuo.cases import queries as cases
from shounuo.cases import services
from shounuo.cases.models import Case
from shounuo.cases.permissions import VIEW_ALL, VIEW_TEAM
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Invalid
from shounuo.kernel.text import whole
from shounuo.staff import queries as staff
from shounuo.web.context import actor_of
from shounuo.web.desk.dialogs import dialog
from shounuo.web.guard import done, staff_page

# The filters of the address and of the dialog, in the order of the dialog: name -> what it is called.
NAMES = {
    "status": gettext_lazy("状态"),
    "kind": gettext_lazy("类型"),
    "level": gettext_lazy("级别"),
    "channel": gettext_lazy("渠道"),
    "priority": gettext_lazy("优先级"),
    "owner": gettext_lazy("负责"),
    "team": gettext_lazy("小组"),
    "topic": gettext_lazy("主题"),
    "tag": gettext_lazy("标签"),
    "opened": gettext_lazy("来单时间"),
    "overdue": gettext_lazy("已超时"),
    "customer": gettext_lazy("客户"),
}
MANY = ("status", "kind", "level", "channel", "priority")
DAYS = ("P1D", "P7D", "P30D")


def asked(given: QueryDict) -> dict[str, Any]:
    """The filters of an address, as `cases.list_page` takes them: a value, a list of them, or a span of days."""
    found: dict[str, Any] = {}
    for name in NAMES:
        values = [v for v in given.getlist(name) if v]
        if not values:
            continue
        found[name] = values if len(values) > 1 else values[0]
        if name == "opened" and values[0].startswith("P"):
            found[name] = {"within": values[0]}
    return found


def chips(query: Mapping[str, Any], here: Mapping[str, Any], *, fixed: bool = False) -> list[dict[str, Any]]:
    """The conditions of a query as chips. Those of a saved filter (`fixed`) are shown; the others can be taken away."""
    found = []
    for name, given in query.items():
        if name == "sort":
            continue
        negative, values = _values(given)
        words = _("、").join(value_words(name, values))
        rest = {k: v for k, v in here.items() if k != name}
        found.append(
            {
                "label": str(NAMES.get(name, name.removeprefix("custom."))),
                "value": _("除了%(values)s") % {"values": words} if negative else words,
                "set": True,
                "clear_url": "" if fixed else "/cases/?" + urlencode(rest, doseq=True),
            }
        )
    return found


def _values(given: Any) -> tuple[bool, list[str]]:
    """Whether it excludes, and the values of a condition in any of its forms."""
    negative = False
    if isinstance(given, Mapping):
        negative = "not" in given
        given = [v for values in given.values() for v in (values if isinstance(values, list) else [values])]
    return negative, [str(v) for v in (given if isinstance(given, list) else [given])]


def value_words(name: str, values: Sequence[str]) -> list[str]:
    """Values as people call them; at most one query, for names of people, teams, topics or customers."""
    fixed: dict[str, dict[str, Any]] = {
        "status": dict(Case.Status.choices) | {"active": _("未结")},
        "kind": dict(Case.Kind.choices),
        "level": {"none": _("未定")},
        "priority": dict(Case.Priority.choices),
        "channel": dict(Case.Channel.choices),
        "overdue": {"true": _("是"), "false": _("否"), "True": _("是"), "False": _("否")},
        "owner": {"me": _("我"), "none": _("无人")},
        "team": {"mine": _("我的小组"), "none": _("无小组")},
        "topic": {"none": _("未定")},
    }
    known = fixed.get(name, {})
    if any(v not in known for v in values):
        known = known | _looked_up(name, values)
    return [str(known.get(v, _days(v) if name == "opened" else v)) for v in values]


def _looked_up(name: str, values: Sequence[str]) -> dict[str, Any]:
    numbers = [n for v in values if (n := whole(v)) is not None]
    match name:
        case "owner":
            return {str(pk): words for pk, words in staff.names(numbers).items()}
        case "team":
            teams = list(staff.teams(active=False))
            return {t.code: t.name for t in teams} | {str(t.pk): t.name for t in teams}
        case "topic":
            topics = list(cases.topics())
            return {t.code: t.full_name for t in topics} | {str(t.pk): t.full_name for t in topics}
    return {}


def _days(span: str) -> str:
    if not span.startswith("P"):
        return span
    n = int(span[1:-1])
    return ngettext("近 %(n)s 天", "近 %(n)s 天", n) % {"n": n}


class FilterForm(forms.Form):
    """The filters of a list; several values of one field mean any of them."""

    status = forms.MultipleChoiceField(choices=Case.Status.choices)
    kind = forms.MultipleChoiceField(choices=Case.Kind.choices)
    level = forms.MultipleChoiceField(choices=Case.Level.choices)
    channel = forms.MultipleChoiceField(choices=Case.Channel.choices)
    priority = forms.MultipleChoiceField(choices=Case.Priority.choices)
    owner = forms.ChoiceField()
    team = forms.ChoiceField()
    topic = forms.ChoiceField()
    tag = forms.CharField(max_length=40)
    opened = forms.ChoiceField()
    overdue = forms.ChoiceField(choices=[("", gettext_lazy("不限")), ("true", gettext_lazy("是"))])
    name = forms.CharField(
        label=gettext_lazy("存成我的筛选"),
        max_length=60,
        help_text=gettext_lazy("起个名字，以后在视图里一点就到"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        anything = ("", _("不限"))
        choices: dict[str, list[tuple[str, Any]]] = {
            "owner": [("me", _("我")), ("none", _("无人")), *[(str(p.pk), p.name) for p in staff.people()]],
            "team": [("mine", _("我的小组")), *[(t.code, t.name) for t in staff.teams()]],
            "topic": [(t.code, t.full_name) for t in cases.topics()],
            "opened": [(span, _days(span)) for span in DAYS],
        }
        for name, field in self.fields.items():
            field.required = False
            field.label = NAMES.get(name, field.label)
            if name in MANY:
                field.widget = forms.CheckboxSelectMultiple(choices=field.choices)  # type: ignore[attr-defined]
            elif name in choices:
                field.choices = [anything, *choices[name]]  # type: ignore[attr-defined]

    def wide(self) -> list[forms.BoundField]:
        """The fields that take the whole width of the dialog."""
        return [self[name] for name in MANY]

    def narrow(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name not in MANY]


@staff_page(VIEW_TEAM, VIEW_ALL)
def narrow(request: HttpRequest) -> HttpResponse:
    """The filter dialog: leads to the list with the filters in its address, or keeps them as a named filter."""
    if request.method == "POST":
        form = FilterForm(request.POST)
        if form.is_valid():
            chosen = {k: v for k, v in form.cleaned_data.items() if v and k != "name"}
            if not form.cleaned_data["name"]:
                return done(request, "/cases/?" + urlencode({"view": "open", **chosen}, doseq=True))
            query = {k: {"within": v} if k == "opened" else v for k, v in chosen.items()}
            try:
                view = services.view_save(
                    name=form.cleaned_data["name"], query=query, actor=actor_of(request), at=now()
                )
            except Invalid as refused:
                form.add_error("name" if refused.field == "name" else None, str(refused))
            else:
                return done(request, f"/cases/?saved={view.pk}", _("筛选已存"))
    else:
        given = request.GET
        form = FilterForm(initial={k: given.getlist(k) if k in MANY else given.get(k) for k in NAMES})
    return dialog(
        request, form, title=_("筛选"), verb=_("看结果"), back="/cases/", template="desk/filter.html"
    )


@staff_page(VIEW_TEAM, VIEW_ALL)
def forget(request: HttpRequest, view_id: int) -> HttpResponse:
    """Removes a saved filter of one's own."""
    if request.method == "POST":
        services.view_delete(view_id=view_id, actor=actor_of(request), at=now())
        return done(request, "/cases/", _("筛选已删"))
    return done(request, f"/cases/?saved={view_id}")

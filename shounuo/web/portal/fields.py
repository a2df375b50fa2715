"""The organisation's own fields as form fields; named `own_<code>`, so that they never meet a fixed one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from shounuo.cases.rules import fields as rules
from shounuo.kernel.errors import Invalid

PREFIX = "own_"


def add_to(form: forms.Form, own: Iterable[rules.Field]) -> list[str]:
    """Adds a field for each, none of them required; returns their names. `gather` judges what is typed."""
    names = []
    for field in own:
        names.append(PREFIX + field.code)
        form.fields[names[-1]] = _field(field)
    return names


def gather(form: forms.Form, own: Iterable[rules.Field]) -> dict[str, Any]:
    """The values that were given, checked as they will be kept; what is wrong stands at its field of the form."""
    found: dict[str, Any] = {}
    for field in own:
        name = PREFIX + field.code
        given = form.cleaned_data.get(name)
        try:
            value = rules.value_of(field, given if given is not None else "")
        except Invalid as wrong:
            form.add_error(name, str(wrong))
        else:
            if value is not None:
                found[field.code] = value
    return found


def initial(values: Mapping[str, Any]) -> dict[str, Any]:
    """Kept values as a form begins with them."""
    return {PREFIX + code: value for code, value in values.items()}


def _field(field: rules.Field) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "required": False}
    match field.type:
        case "choice":
            return forms.ChoiceField(choices=[("", _("未选")), *((c, c) for c in field.choices)], **common)
        case "bool":
            return forms.ChoiceField(
                choices=[("", _("未选")), ("true", _("是")), ("false", _("否"))], **common
            )
        case "date":
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), max_length=20, **common)
        case "number":
            return forms.CharField(
                widget=forms.TextInput(attrs={"inputmode": "decimal"}), max_length=40, **common
            )
        case _:
            return forms.CharField(max_length=rules.MAX_TEXT, **common)

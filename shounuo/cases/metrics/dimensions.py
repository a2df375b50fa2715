"""By what figures of cases are cut."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case, Topic
from shounuo.metrics import registry
from shounuo.metrics.ground import whole_number
from shounuo.metrics.registry import Dimension

CLASSES: dict[str, Any] = {"primary": _("主渠道"), "secondary": _("次要渠道")}


def _of_choices(code: str, label: Any, choices: type[TextChoices]) -> Dimension:
    labels = dict(choices.choices)

    def read(text: str) -> str:
        if text not in labels:
            raise ValueError(text)
        return text

    return Dimension(
        code, label, code, lambda values: {v: str(labels[v]) for v in values if v in labels}, read
    )


def _topic(text: str) -> str:
    if not Topic.objects.filter(code=text).exists():
        raise ValueError(text)
    return text


def _beneath(code: str) -> list[str]:
    """The topic and all beneath it."""
    path = Topic.objects.filter(code=code).values_list("path", flat=True).first()
    below = Topic.objects.filter(path__startswith=f"{path}/").values_list("code", flat=True) if path else ()
    return [code, *below]


def _topic_names(codes: Iterable[Any]) -> dict[Any, str]:
    return dict(Topic.objects.filter(code__in=list(filter(None, codes))).values_list("code", "full_name"))


def _roots() -> dict[Any, Any]:
    """Each topic's code with that of the branch it belongs to."""
    return {code: path.partition("/")[0] for code, path in Topic.objects.values_list("code", "path")}


def _class(text: str) -> str:
    if text not in CLASSES:
        raise ValueError(text)
    return text


for _dimension in (
    _of_choices("channel", _("渠道"), Case.Channel),
    Dimension(
        "channel_class",
        _("渠道类别"),
        "channel_class",
        lambda values: {v: str(CLASSES[v]) for v in values if v in CLASSES},
        _class,
    ),
    _of_choices("kind", _("类型"), Case.Kind),
    Dimension("topic_top", _("主题大类"), "topic", _topic_names, _topic, mapping=_roots),
    Dimension("topic", _("主题"), "topic", _topic_names, _topic, beneath=_beneath),
    _of_choices("level", _("级别"), Case.Level),
    _of_choices("severity", _("严重程度"), Case.Severity),
    _of_choices("complexity", _("复杂程度"), Case.Complexity),
    _of_choices("priority", _("优先级"), Case.Priority),
    Dimension("segment", _("客户分群"), "segment", lambda values: {v: v for v in values if v}, str),
    Dimension("customer", _("客户"), "customer_id", lambda ids: {i: f"#{i}" for i in ids if i}, whole_number),
):
    registry.dimension(_dimension)

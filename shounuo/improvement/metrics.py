"""What supervision has to count: how samples were judged, what was found, whether corrections held."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext_lazy as _
from django.utils.translation import npgettext_lazy

from shounuo.improvement import events
from shounuo.metrics import registry
from shounuo.metrics.registry import Metric, Series, Source
from shounuo.metrics.rules import Aggregate, Direction, Unit


def _units(kind: str, table: str) -> list[tuple[str, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT min(id), max(id) FROM {table}")  # noqa: S608  a constant of this module
        least, most = cursor.fetchone()
    return [(kind, least, most)] if least is not None else []


_JUDGED = """
SELECT j.id, i.id AS inspection, i.finished_at, j.verdict, j.clause_code, t.team_id
FROM improvement_judgement j JOIN improvement_item t ON t.id = j.item_id
     JOIN improvement_inspection i ON i.id = t.inspection_id
WHERE %(kind)s = 'supervision' AND i.id = ANY(%(ids)s) AND i.finished_at IS NOT NULL
"""
_FOUND = """
SELECT f.id, f.created_at, f.clause_code, f.severity, f.cause, f.round, f.verified_at
FROM improvement_finding f WHERE %(kind)s = 'finding' AND f.id = ANY(%(ids)s)
"""

registry.source(
    Source(
        "supervision",
        _("监督检查"),
        "supervision",
        frozenset({events.FINISHED}),
        given={"judged": _JUDGED},
        columns={
            "subject_id": "x.inspection",
            "ref": "x.id",
            "clause": "x.clause_code",
            "team_id": "x.team_id",
        },
        series=(
            Series(
                "supervision.judged",
                "FROM judged x",
                {
                    "at": "x.finished_at",
                    "hit": "CASE x.verdict WHEN 'kept' THEN true WHEN 'not_kept' THEN false END",
                    "outcome": "x.verdict",
                },
            ),
        ),
        units=lambda: _units("supervision", "improvement_inspection"),
    )
)
registry.source(
    Source(
        "finding",
        _("检查发现的问题"),
        "finding",
        frozenset({events.RAISED, events.RETURNED, events.VERIFIED}),
        given={"found": _FOUND},
        columns={"subject_id": "x.id", "ref": "x.id", "clause": "x.clause_code"},
        series=(
            Series("finding.raised", "FROM found x", {"at": "x.created_at", "outcome": "x.severity"}),
            Series(
                "finding.verified",
                "FROM found x WHERE x.verified_at IS NOT NULL",
                {
                    "at": "x.verified_at",
                    "hit": "x.round = 1",
                    "value": "extract(epoch FROM x.verified_at - x.created_at)",
                },
            ),
        ),
        units=lambda: _units("finding", "improvement_finding"),
    )
)

_FINDINGS = npgettext_lazy("findings", "项", "项")
_JUDGEMENTS = npgettext_lazy("judgements", "项", "项")
_DECIDED = {"outcome": ("kept", "not_kept")}
UP, DOWN = Direction.UP, Direction.DOWN

registry.metrics(
    Metric("inspection_kept_share", _("抽查做到率"), "quality", _("监督检查抽到的项里，检查人判定做到的比例，按完成检查的时刻计入。不适用的不计。"), _("抽到并适用的项"), "supervision.judged", Aggregate.SHARE, Unit.SHARE, direction=UP, hits=_("判定做到的"), only=_DECIDED, least=10, cut=("clause", "team")),
    Metric("inspection_judged", _("抽查量"), "quality", _("监督检查判定的项数，不适用的不计。"), _("抽到并适用的项"), "supervision.judged", noun=_JUDGEMENTS, only=_DECIDED, cut=("clause", "team")),
    Metric("findings_raised", _("检查发现量"), "quality", _("监督检查登记的问题数。"), _("期内登记的问题"), "finding.raised", noun=_FINDINGS, direction=DOWN, cut=("clause",)),
    Metric("measure_effect_rate", _("措施达标率"), "quality", _("核实过的整改里，头一次核实就达到要求、没有被退回的比例。"), _("期内核实的整改"), "finding.verified", Aggregate.SHARE, Unit.SHARE, direction=UP, hits=_("一次达到要求的"), least=10, cut=("clause",)),
    Metric("correction_time", _("整改用时"), "quality", _("从登记问题到核实整改有效的时长，取平均。"), _("期内核实的整改"), "finding.verified", Aggregate.MEAN, Unit.SECONDS, direction=DOWN, least=5, cut=("clause",)),
)  # fmt: skip

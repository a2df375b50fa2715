"""What happens in supervision and self-assessment. `clauses` are codes, `size` how many were drawn of `population`, counts are judgements."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

_INSPECTION: dict[str, type | tuple[type, ...]] = {
    "clauses": list,
    "source": str,
    "population": int,
    "size": int,
    "inspectors": list,
    "status": str,
}
_FINDING: dict[str, type | tuple[type, ...]] = {
    "inspection": int,
    "clause": str,
    "severity": str,
    "cause": str,
    "duty": int,
    "owner": int,
    "round": int,
}

PLANNED = declare(
    "supervision.planned",
    subject="supervision",
    payload=_INSPECTION | {"seed": int},
    label=pgettext_lazy("happened", "抽样监督检查"),
)
JUDGED = declare(
    "supervision.judged",
    subject="supervision",
    payload={"item": int, "clause": str, "verdict": str, "was": str, "about": str},
    label=pgettext_lazy("happened", "判定抽查项"),
)
FINISHED = declare(
    "supervision.finished",
    subject="supervision",
    payload=_INSPECTION | {"kept": int, "not_kept": int, "not_applicable": int, "findings": int},
    label=pgettext_lazy("happened", "完成监督检查"),
)
CLOSED = declare(
    "supervision.closed",
    subject="supervision",
    payload=_INSPECTION,
    label=pgettext_lazy("happened", "监督检查全部整改完"),
)
CANCELLED = declare(
    "supervision.cancelled",
    subject="supervision",
    payload=_INSPECTION,
    label=pgettext_lazy("happened", "取消监督检查"),
)
RAISED = declare(
    "finding.raised",
    subject="finding",
    payload=_FINDING | {"due": str},
    label=pgettext_lazy("happened", "检查发现问题"),
)
ANSWERED = declare(
    "finding.answered",
    subject="finding",
    payload=_FINDING,
    label=pgettext_lazy("happened", "整改完成，待核实"),
)
VERIFIED = declare(
    "finding.verified", subject="finding", payload=_FINDING, label=pgettext_lazy("happened", "核实整改有效")
)
RETURNED = declare(
    "finding.returned",
    subject="finding",
    payload=_FINDING | {"due": str},
    label=pgettext_lazy("happened", "整改未达要求，退回"),
)

_MATURITY: dict[str, type | tuple[type, ...]] = {
    "policy": str,
    "quarter": str,
    "processes": int,
    "mean": (int, float),
}
STARTED = declare(
    "maturity.started",
    subject="maturity",
    payload=_MATURITY,
    label=pgettext_lazy("happened", "开始成熟度自评"),
)
RATED = declare(
    "maturity.rated",
    subject="maturity",
    payload={"clause": str, "level": int, "proposed": int, "was": int},
    label=pgettext_lazy("happened", "评定流程成熟度"),
)
AGREED = declare(
    "maturity.improvement_agreed",
    subject="maturity",
    payload={"clause": str, "target": int, "duty": int, "owner": int, "due": str},
    label=pgettext_lazy("happened", "商定改进项"),
)
COMPLETED = declare(
    "maturity.finished",
    subject="maturity",
    payload=_MATURITY,
    label=pgettext_lazy("happened", "成熟度自评定稿"),
)

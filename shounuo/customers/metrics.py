"""What customers have to count: new ones, merges, and who looked at what is masked."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.customers import events
from shounuo.metrics import registry
from shounuo.metrics.ground import CUSTOMERS, TIMES, units_of
from shounuo.metrics.registry import Metric, Series, Source
from shounuo.metrics.rules import Direction

_TOLD = """
SELECT e.subject_id, e.seq, e.kind, e.at, CASE WHEN e.actor_kind = 'person' THEN e.actor_id END AS actor, c.segment,
  c.created_at
FROM events_event e JOIN customers_customer c ON c.id = e.subject_id
WHERE e.subject_kind = %(kind)s AND e.subject_id = ANY(%(ids)s)
"""
_COLUMNS = {
    "subject_id": "x.subject_id",
    "customer_id": "x.subject_id",
    "ref": "x.seq",
    "at": "x.at",
    "person_id": "x.actor",
    "segment": "x.segment",
}


def _of(code: str, kind: str) -> Series:
    return Series(code, f"FROM told x WHERE x.kind = '{kind}'", {})


registry.source(
    Source(
        "customer",
        _("客户"),
        "customer",
        frozenset(
            {events.CREATED, events.CHANGED, events.MERGED, events.REVEALED, events.EXPORTED, events.ERASED}
        ),
        given={"told": _TOLD},
        columns=_COLUMNS,
        series=(
            _of("customer.created", events.CREATED),
            _of("customer.merged", events.MERGED),
            _of("customer.revealed", events.REVEALED),
            _of("customer.exported", events.EXPORTED),
            _of("customer.erased", events.ERASED),
        ),
        units=lambda: units_of("customers_customer", "customer"),
    )
)

registry.metrics(
    Metric("new_customers", _("新增客户数"), "customer", _("新登记的客户。"), _("新登记的客户"), "customer.created", noun=CUSTOMERS, cut=("segment",)),
    Metric("customer_merges", _("客户合并量"), "customer", _("把同一个人的两份档案合成一份的次数。"), _("期内的合并"), "customer.merged", noun=TIMES),
    Metric("reveal_count", _("查看联系方式次数"), "customer", _("有人查看客户完整联系方式的次数，计在查看的人名下。"), _("期内的查看"), "customer.revealed", noun=TIMES, direction=Direction.DOWN, cut=("person",)),
    Metric("data_export_count", _("个人信息导出次数"), "customer", _("应客户要求导出其个人信息的次数。"), _("期内的导出"), "customer.exported", noun=TIMES, cut=("person",)),
    Metric("erasure_count", _("个人信息删除次数"), "customer", _("应客户要求删除其个人信息的次数。"), _("期内的删除"), "customer.erased", noun=TIMES, cut=("person",)),
)  # fmt: skip

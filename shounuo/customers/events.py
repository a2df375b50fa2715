"""What happens to customers and companies. Contact points appear by id, never by value."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

CREATED = declare(
    "customer.created", subject="customer", payload={"by": list, "company": int}, label=_("新增客户")
)
CHANGED = declare("customer.changed", subject="customer", payload={"fields": list}, label=_("修改客户资料"))
CONTACT_ADDED = declare(
    "customer.contact_added",
    subject="customer",
    payload={"contact": int, "kind": str},
    label=_("新增联系方式"),
)
CONTACT_REMOVED = declare(
    "customer.contact_removed",
    subject="customer",
    payload={"contact": int, "kind": str},
    label=_("删除联系方式"),
)
CONTACT_VERIFIED = declare(
    "customer.contact_verified",
    subject="customer",
    payload={"contact": int, "kind": str},
    label=_("核实联系方式"),
)
REVEALED = declare(
    "customer.revealed",
    subject="customer",
    payload={"field": str, "contact": int},
    label=_("查看完整联系方式"),
)
MERGED = declare(
    "customer.merged",
    subject="customer",
    payload={"merge": int, "source": int, "target": int},
    label=pgettext_lazy("happened", "合并客户"),
)
MERGE_UNDONE = declare(
    "customer.merge_undone",
    subject="customer",
    payload={"merge": int, "source": int, "target": int},
    label=_("撤销合并"),
)
EXPORTED = declare("customer.exported", subject="customer", label=_("导出个人信息"))
ERASED = declare("customer.erased", subject="customer", label=_("删除个人信息"))
COMPANY_CREATED = declare("company.created", subject="company", label=_("新增单位"))
COMPANY_CHANGED = declare("company.changed", subject="company", payload={"fields": list}, label=_("修改单位"))

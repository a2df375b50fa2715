"""What happens to the keeping of things."""

from django.utils.translation import gettext_lazy as _

from shounuo.events.registry import declare

RETENTION_CHANGED = declare(
    "retention.changed",
    subject="organisation",
    payload={"kind": str, "days": int, "was": int},
    label=_("修改保存期限"),
)
RETENTION_PRUNED = declare(
    "retention.pruned",
    subject="organisation",
    payload={"kind": str, "days": int, "count": int},
    label=_("清理到期内容"),
)
HOLD_PLACED = declare("hold.placed", subject="*", payload={"hold": int}, label=_("依法留存"))
HOLD_LIFTED = declare("hold.lifted", subject="*", payload={"hold": int}, label=_("解除留存"))

"""What happens to outgoing mail. The subject is the mail's row; `on` and `id` name what it is about, `ref`
where in it.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.events.registry import declare

_ABOUT: dict[str, type | tuple[type, ...]] = {"on": str, "id": int, "ref": int}

SENT = declare(
    "mail.sent", subject="mail", payload=_ABOUT | {"attempts": int, "refused": int}, label=_("邮件已发出")
)
FAILED = declare(
    "mail.failed", subject="mail", payload=_ABOUT | {"attempts": int, "code": int}, label=_("邮件发送失败")
)
RELAY_CHANGED = declare("relay.changed", subject="relay", payload={"fields": list}, label=_("修改发信服务器"))
RELAY_REMOVED = declare("relay.removed", subject="relay", label=_("删除发信服务器"))
WAY_CHANGED = declare("way.changed", subject="way", payload={"fields": list}, label=_("修改消息通道"))
WAY_REMOVED = declare("way.removed", subject="way", label=_("删除消息通道"))
QUIET_CHANGED = declare("quiet.changed", subject="role", label=_("修改免打扰时段"))

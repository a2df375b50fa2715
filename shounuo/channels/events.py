"""What happens to messages on their way in, to mailboxes and to webhooks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.events.registry import declare

MAIL_QUARANTINED = declare(
    "mail.quarantined", subject="raw", payload={"mailbox": int, "reason": str}, label=_("邮件被隔离")
)
MAIL_RELEASED = declare("mail.released", subject="raw", payload={"case": int}, label=_("隔离邮件已放行"))
MAIL_BOUNCED = declare(
    "mail.bounced", subject="raw", payload={"case": int, "interaction": int}, label=_("收到退信")
)
MAIL_TURNED_AWAY = declare(
    "mail.turned_away", subject="raw", payload={"state": str, "reason": str}, label=_("邮件未成单")
)
MAILBOX_CREATED = declare("mailbox.created", subject="mailbox", label=_("新建邮箱"))
MAILBOX_CHANGED = declare("mailbox.changed", subject="mailbox", payload={"fields": list}, label=_("修改邮箱"))
MAILBOX_FAILING = declare(
    "mailbox.failing", subject="mailbox", payload={"failures": int}, label=_("邮箱收取失败")
)
MAILBOX_RECOVERED = declare("mailbox.recovered", subject="mailbox", label=_("邮箱恢复收取"))
WEBHOOK_CREATED = declare("webhook.created", subject="webhook", payload={"kinds": list}, label=_("新建推送"))
WEBHOOK_CHANGED = declare("webhook.changed", subject="webhook", payload={"fields": list}, label=_("修改推送"))
WEBHOOK_REMOVED = declare("webhook.removed", subject="webhook", label=_("删除推送"))
WEBHOOK_STOPPED = declare(
    "webhook.stopped", subject="webhook", payload={"failures": int}, label=_("推送因持续失败停用")
)
PORTAL_SIGNED_IN = declare("portal.signed_in", subject="customer", label=_("客户登录门户"))
PORTAL_CODE_SENT = declare("portal.code_sent", subject="customer", label=_("发送门户登录码"))

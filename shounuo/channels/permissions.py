"""What one may do with channels."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

MANAGE = declare("channels.manage", _("管理邮箱、渠道与隔离邮件"))
WEBHOOKS = declare("webhooks.manage", _("管理事件推送"))

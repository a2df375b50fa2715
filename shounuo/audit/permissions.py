"""What one may do with the log of access and configuration."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW = declare("audit.view", _("查看访问与配置日志"))
RETAIN = declare("audit.retain", _("设置保存期限与依法留存"))

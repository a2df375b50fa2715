"""What one may do with alarms."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW = declare("alarms.view", _("查看预警"))
HANDLE = declare("alarms.handle", _("确认与关闭预警"))

"""What one may do with calendars. All staff may see them: they explain every due time."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

MANAGE = declare("calendars.manage", _("管理工作日历"))

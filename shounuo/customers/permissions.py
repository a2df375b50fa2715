"""What one may do with customers."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.staff.permissions import declare

VIEW = declare("customers.view", _("查看客户"))
EDIT = declare("customers.edit", pgettext_lazy("permission", "修改客户资料"))
REVEAL = declare("customers.reveal", _("查看完整的电话和邮箱"))
MERGE = declare("customers.merge", _("合并客户"))
ERASE = declare("customers.erase", _("导出和删除个人信息"))

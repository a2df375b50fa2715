"""What one may do with duties. Everybody sees, takes and does what he owes himself."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

MANAGE = declare("duties.manage", _("分派、取消与重开待办"))
VIEW_ALL = declare("duties.view_all", _("查看全部待办"))

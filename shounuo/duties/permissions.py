"""What one may do with duties. `duties.work` opens the pages and the API; what somebody sees there is what concerns him."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

WORK = declare("duties.work", _("查看与完成自己的待办"))
MANAGE = declare("duties.manage", _("分派、取消与重开待办"))
VIEW_ALL = declare("duties.view_all", _("查看全部待办"))

"""What one may do with cases."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW_TEAM = declare("cases.view_team", _("查看本组与自己经手的工单"))
VIEW_ALL = declare("cases.view_all", _("查看全部工单"))
WORK = declare("cases.work", _("处理工单"))
ASSIGN = declare("cases.assign", _("分派工单"))
MERGE = declare("cases.merge", _("合并与拆分工单"))
CONFIGURE = declare("cases.configure", _("设置主题、字段与常用语"))

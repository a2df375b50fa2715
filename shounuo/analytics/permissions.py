"""What one may do with dashboards and reports."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW = declare("analytics.view", _("查看看板与报告"))
PEOPLE = declare("analytics.people", _("在看板与报告里查看每个人"))
REPORTS = declare("analytics.reports", _("生成报告、写评语、定发送对象"))

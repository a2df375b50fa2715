"""What one may do with supervision 监督检查."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW = declare("supervision.view", _("查看监督检查"))
PLAN = declare("supervision.plan", _("安排监督检查"))

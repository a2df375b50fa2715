"""What one may do with supervision 监督检查 and self-assessment 成熟度自评."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW = declare("supervision.view", _("查看监督检查"))
PLAN = declare("supervision.plan", _("安排监督检查"))
MATURITY_VIEW = declare("maturity.view", _("查看成熟度自评"))
MATURITY_ASSESS = declare("maturity.assess", _("做成熟度自评"))

"""What one may do with policies."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.staff.permissions import declare

VIEW = declare("policy.view", _("查看与签阅制度"))
EDIT = declare("policy.edit", _("起草与提交制度"))
APPROVE = declare("policy.approve", pgettext_lazy("permission", "批准制度"))
PUBLISH = declare("policy.publish", _("发布与终止制度"))

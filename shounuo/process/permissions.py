"""What one may do with runs of playbooks."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

VIEW = declare("process.view", _("查看流程的进展"))
RUN = declare("process.run", _("发起与取消流程"))

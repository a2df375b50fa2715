"""What one may do with figures."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

READ = declare("metrics.read", _("查看指标"))
PEOPLE = declare("metrics.people", _("查看每个人的指标"))

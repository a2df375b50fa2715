"""What one may do with clocks."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

REBASE = declare("commitments.rebase", _("重排时限、给违诺归因"))

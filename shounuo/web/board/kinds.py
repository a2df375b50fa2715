"""The notice that the board sends."""

from django.utils.translation import gettext as _

from shounuo.notices.kinds import declare

NUDGED = declare("case.nudged", "bell", lambda s, p: _("主管催办：%(subject)s") % {"subject": s})

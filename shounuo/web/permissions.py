"""What the pages themselves ask for: the codes of views that belong to no single part below."""

from django.utils.translation import gettext_lazy as _

from shounuo.staff.permissions import declare

BOARD = declare("board.view", _("查看督办看板"))

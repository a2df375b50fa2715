"""The kinds of duty that this part brings itself; others are declared by the parts that make them."""

from django.utils.translation import gettext_lazy as _

from shounuo.duties.registry import declare

TASK = declare("task", _("任务"))

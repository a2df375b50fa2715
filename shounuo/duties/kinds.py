"""The kinds of duty that this part brings itself; others are declared by the parts that make them."""

from django.utils.translation import gettext_lazy as _

from shounuo.duties import events
from shounuo.duties.registry import declare

TASK = declare("task", _("任务"))
COLLABORATION = declare(
    "collaboration",
    _("部门协作"),
    icon="users",
    needs_evidence=True,
    begun=events.REQUESTED,
    ended=events.ANSWERED,
)

"""What people are told about policies."""

from django.utils.translation import gettext as _

from shounuo.notices import kinds

TO_SIGN = kinds.declare(
    "policy.to_sign", "certificate", lambda s, p: _("请签阅：%(subject)s") % {"subject": s}
)
IN_PLACE = kinds.declare(
    "policy.in_place", "user-check", lambda s, p: _("请您代为批准：%(subject)s") % {"subject": s}
)
TO_REVIEW = kinds.declare(
    "policy.to_review", "history", lambda s, p: _("该复审了：%(subject)s") % {"subject": s}
)

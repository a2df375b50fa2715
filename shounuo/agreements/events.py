"""What happens to agreements."""

from __future__ import annotations

from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

PROPOSED = declare(
    "agreement.proposed",
    subject="agreement",
    payload={"promises": int},
    label=pgettext_lazy("happened", "提出服务协议"),
)
ACCEPTED = declare(
    "agreement.accepted", subject="agreement", label=pgettext_lazy("happened", "客户同意服务协议")
)
DECLINED = declare(
    "agreement.declined", subject="agreement", label=pgettext_lazy("happened", "客户不同意服务协议")
)
BEGAN = declare("agreement.began", subject="agreement", label=pgettext_lazy("happened", "服务协议生效"))
ENDED = declare("agreement.ended", subject="agreement", label=pgettext_lazy("happened", "服务协议终止"))

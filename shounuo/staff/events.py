"""What happens to people, teams, roles and the organisation itself."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from shounuo.events.registry import declare

PERSON_CREATED = declare("person.created", subject="person", label=_("新增人员"))
PERSON_CHANGED = declare(
    "person.changed",
    subject="person",
    payload={"fields": list, "roles": list, "teams": list, "leads": list},
    label=_("修改人员"),
)
PERSON_DEACTIVATED = declare("person.deactivated", subject="person", label=_("停用人员"))
PERSON_REACTIVATED = declare("person.reactivated", subject="person", label=_("恢复人员"))
PERSON_SIGNED_IN = declare(
    "person.signed_in", subject="person", payload={"by": str}, label=pgettext_lazy("happened", "登录")
)
PERSON_SIGN_IN_FAILED = declare(
    "person.sign_in_failed", subject="person", payload={"reason": str}, label=_("登录未通过")
)
PERSON_SIGNED_OUT = declare("person.signed_out", subject="person", label=_("退出登录"))
PASSWORD_CHANGED = declare(
    "password.changed", subject="person", payload={"by": str}, label=pgettext_lazy("happened", "更换密码")
)
PASSWORD_RESET_ASKED = declare("password.reset_asked", subject="person", label=_("申请重设密码"))
LINK_CREATED = declare("link.created", subject="person", payload={"purpose": str}, label=_("生成一次性链接"))
TOTP_CONFIRMED = declare("totp.confirmed", subject="person", label=_("启用两步验证"))
TOTP_DISABLED = declare("totp.disabled", subject="person", label=_("停用两步验证"))
RECOVERY_CODES_MADE = declare("recovery_codes.made", subject="person", label=_("生成备用码"))
RECOVERY_CODE_USED = declare(
    "recovery_code.used", subject="person", payload={"left": int}, label=_("使用备用码")
)
PRESENCE_CHANGED = declare(
    "presence.changed", subject="person", payload={"presence": str, "was": str}, label=_("在线状态变更")
)
TOKEN_CREATED = declare(
    "token.created", subject="person", payload={"token": int, "scopes": list}, label=_("新建接口令牌")
)
TOKEN_REVOKED = declare("token.revoked", subject="person", payload={"token": int}, label=_("吊销接口令牌"))
SHIFT_ADDED = declare(
    "shift.added",
    subject="person",
    payload={"starts": str, "ends": str},
    label=pgettext_lazy("happened", "排班"),
)
SHIFT_REMOVED = declare(
    "shift.removed", subject="person", payload={"starts": str, "ends": str}, label=_("取消排班")
)
TEAM_CREATED = declare("team.created", subject="team", label=_("新建小组"))
TEAM_CHANGED = declare("team.changed", subject="team", payload={"fields": list}, label=_("修改小组"))
ROLE_CREATED = declare("role.created", subject="role", payload={"permissions": list}, label=_("新建角色"))
ROLE_CHANGED = declare(
    "role.changed",
    subject="role",
    payload={"added": list, "removed": list, "second_factor": bool},
    label=_("修改角色"),
)
ORGANISATION_SET_UP = declare("organisation.set_up", subject="organisation", label=_("完成初始设置"))
ORGANISATION_CHANGED = declare(
    "organisation.changed", subject="organisation", payload={"fields": list}, label=_("修改组织设置")
)

"""What happens to a policy. `version` is the id of the version concerned, `number` its number within the policy."""

from django.utils.translation import gettext_lazy as _

from shounuo.events.registry import declare

_VERSION: dict[str, type | tuple[type, ...]] = {"version": int, "number": int}

IMPORTED = declare("policy.imported", subject="policy", payload=_VERSION, label=_("导入制度草案"))
DISCARDED = declare("policy.discarded", subject="policy", payload=_VERSION, label=_("废弃制度草案"))
SUBMITTED = declare("policy.submitted", subject="policy", payload=_VERSION, label=_("提交制度审核"))
RETURNED = declare("policy.returned", subject="policy", payload=_VERSION, label=_("退回制度草案"))
APPROVED = declare(  # `instead_of`: the person in whose place it was approved
    "policy.approved", subject="policy", payload={**_VERSION, "instead_of": int}, label=_("批准制度")
)
PUBLISHED = declare(
    "policy.published", subject="policy", payload={**_VERSION, "effective": str}, label=_("发布制度")
)
ARCHIVED = declare(
    "policy.archived", subject="policy", payload={**_VERSION, "ended": str}, label=_("归档制度版本")
)
ACKNOWLEDGED = declare(
    "policy.acknowledged", subject="policy", payload={**_VERSION, "person": int}, label=_("签阅制度")
)
EDITED = declare(
    "policy.edited",
    subject="policy",
    payload={**_VERSION, "change": str, "clause": str},
    label=_("修改制度草案"),
)
EDIT_UNDONE = declare(
    "policy.edit_undone",
    subject="policy",
    payload={**_VERSION, "change": str, "clause": str},
    label=_("撤回对草案的修改"),
)
COMMENTED = declare(
    "policy.commented",
    subject="policy",
    payload={**_VERSION, "clause": str, "comment": int},
    label=_("评论制度草案"),
)
COMMENT_SETTLED = declare(
    "policy.comment_settled",
    subject="policy",
    payload={**_VERSION, "clause": str, "comment": int},
    label=_("了结制度评论"),
)
QUESTIONS_SET = declare(
    "policy.questions_set",
    subject="policy",
    payload={**_VERSION, "questions": int},
    label=_("设定签阅题目"),
)
READERS_REMINDED = declare(
    "policy.readers_reminded",
    subject="policy",
    payload={**_VERSION, "people": int},
    label=_("催签制度"),
)
REVIEW_SET = declare("policy.review_set", subject="policy", payload={"on": str}, label=_("设定制度复审日期"))
DEVIATED = declare(
    "policy.deviated",
    subject="policy",
    payload={"deviation": int, "clause": str, "serves": str},
    label=_("记录制度例外"),
)
PROMISE_SHOWN = declare(
    "policy.promise_shown",
    subject="policy",
    payload={"clause": str, "shown": bool},
    label=_("设定对客户公示的条款"),
)
REFRESHED = declare(
    "policy.refreshed",
    subject="policy",
    payload={**_VERSION, "rules": int},
    label=_("规则因新增部分而开始执行"),
)

# An uploaded regulation and the rules proposed for it; `version` (of the draft made of it) is an id.
DOCUMENT_ADDED = declare(
    "policy.document_added",
    subject="policy_document",
    payload={"clauses": int, "rules": int},
    label=_("上传制度文件"),
)
DOCUMENT_REMOVED = declare(
    "policy.document_removed", subject="policy_document", payload={}, label=_("删除制度文件")
)
PROPOSAL_DECIDED = declare(
    "policy.proposal_decided",
    subject="policy_document",
    payload={"proposal": int, "state": str, "was": str},
    label=_("取舍规则提议"),
)
DOCUMENT_DRAFTED = declare(
    "policy.document_drafted",
    subject="policy_document",
    payload={"version": int, "rules": int},
    label=_("由制度文件起草"),
)
ASSISTANT_ANSWERED = declare(
    "policy.assistant_answered",
    subject="policy_document",
    payload={"rules": int, "turned_away": int},
    label=_("助手提议规则"),
)

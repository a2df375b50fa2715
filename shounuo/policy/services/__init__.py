"""All writes on policies."""

from shounuo.policy.services.deviations import deviation_record
from shounuo.policy.services.drafts import version_discard, version_import, version_return, version_submit
from shounuo.policy.services.editing import draft_begin, draft_change, draft_undo, policy_begin
from shounuo.policy.services.force import (
    policy_retire,
    rules_refresh,
    version_publish,
    version_publish_at_once,
    versions_settle,
)
from shounuo.policy.services.promises import promise_show
from shounuo.policy.services.proposals import (
    proposal_accept,
    proposal_edit,
    proposal_fill,
    proposal_reject,
    proposal_reopen,
    proposals_accept,
    proposals_accept_sure,
)
from shounuo.policy.services.readers import (
    acknowledge,
    questions_set,
    readers_remind,
    readers_told,
    reminders_send,
    review_set,
)
from shounuo.policy.services.review import version_approve
from shounuo.policy.services.talk import comment_add, comment_settle
from shounuo.policy.services.uploads import assistant_ask, document_remove, document_upload

__all__ = [
    "acknowledge",
    "assistant_ask",
    "comment_add",
    "comment_settle",
    "deviation_record",
    "document_remove",
    "document_upload",
    "draft_begin",
    "draft_change",
    "draft_undo",
    "policy_begin",
    "policy_retire",
    "promise_show",
    "proposal_accept",
    "proposal_edit",
    "proposal_fill",
    "proposal_reject",
    "proposal_reopen",
    "proposals_accept",
    "proposals_accept_sure",
    "questions_set",
    "readers_remind",
    "readers_told",
    "reminders_send",
    "review_set",
    "rules_refresh",
    "version_approve",
    "version_discard",
    "version_import",
    "version_publish",
    "version_publish_at_once",
    "version_return",
    "version_submit",
    "versions_settle",
]

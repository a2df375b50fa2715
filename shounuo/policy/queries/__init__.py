"""All reads of policies."""

from shounuo.policy.queries.clauses import (
    ClauseView,
    RuleView,
    beside,
    clause_view,
    clause_views,
    clauses_in_force,
    clauses_of,
    rule_titles,
    rules_in_force,
    title_and_wording,
)
from shounuo.policy.queries.coverage import Coverage, coverage
from shounuo.policy.queries.deviations import deviations_of
from shounuo.policy.queries.diff import ClauseChange, RuleChange, diff
from shounuo.policy.queries.documents import (
    document_of,
    documents,
    documents_visible_to,
    proposal_of,
    proposals_of,
)
from shounuo.policy.queries.kept import Kept, kept_of, now_of, register_kept
from shounuo.policy.queries.promises import is_shown, promises
from shounuo.policy.queries.proofs import EvidenceView, PracticeView
from shounuo.policy.queries.readers import comments_of, missing_readers, readers
from shounuo.policy.queries.roles import Lacking, roles_lacking, roles_named
from shounuo.policy.queries.versions import (
    PolicyRow,
    acknowledged,
    export,
    generation,
    in_force,
    pack_of,
    policies,
    version_of,
    versions_in_force,
    visible_to,
)

__all__ = [
    "ClauseChange",
    "ClauseView",
    "Coverage",
    "EvidenceView",
    "Kept",
    "Lacking",
    "PolicyRow",
    "PracticeView",
    "RuleChange",
    "RuleView",
    "acknowledged",
    "beside",
    "clause_view",
    "clause_views",
    "clauses_in_force",
    "clauses_of",
    "comments_of",
    "coverage",
    "deviations_of",
    "diff",
    "document_of",
    "documents",
    "documents_visible_to",
    "export",
    "generation",
    "in_force",
    "is_shown",
    "kept_of",
    "missing_readers",
    "now_of",
    "pack_of",
    "policies",
    "promises",
    "proposal_of",
    "proposals_of",
    "readers",
    "register_kept",
    "roles_lacking",
    "roles_named",
    "rule_titles",
    "rules_in_force",
    "title_and_wording",
    "version_of",
    "versions_in_force",
    "visible_to",
]

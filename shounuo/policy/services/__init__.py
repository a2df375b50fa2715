"""All writes on policies."""

from shounuo.policy.services.drafts import version_discard, version_import, version_return, version_submit
from shounuo.policy.services.force import (
    acknowledge,
    policy_retire,
    rules_refresh,
    version_publish,
    version_publish_at_once,
    versions_settle,
)
from shounuo.policy.services.review import version_approve

__all__ = [
    "acknowledge",
    "policy_retire",
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

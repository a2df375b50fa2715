"""From a YAML text, or a stored rule body, to the typed form."""

from shounuo.policy.reading.pack import (
    read_pack,
    read_pack_plain,
    read_rule_plain,
    read_rule_tree,
    rule_of,
    stored_pack,
)
from shounuo.policy.reading.source import PackError, PackInvalid

__all__ = [
    "PackError",
    "PackInvalid",
    "read_pack",
    "read_pack_plain",
    "read_rule_plain",
    "read_rule_tree",
    "rule_of",
    "stored_pack",
]

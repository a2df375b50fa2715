"""All reads of clocks."""

from shounuo.commitments.queries.causes import causes
from shounuo.commitments.queries.clocks import (
    affected_by,
    clock_json,
    clock_of,
    due_from_figures,
    live,
    may_see,
    nearest_of,
    of_subjects,
    rebases,
)
from shounuo.commitments.queries.figures import (
    Kept,
    Used,
    kept,
    kept_by,
    kept_of_clauses,
    kept_total,
    kept_weekly,
    used_times,
)
from shounuo.commitments.queries.ledger import Ledger, Line, ledger, ledger_json
from shounuo.commitments.queries.lists import (
    Breach,
    Lanes,
    Scope,
    at_risk,
    breaches,
    lanes,
    pressing,
    upcoming,
)
from shounuo.commitments.queries.promises import promises

__all__ = [
    "Breach",
    "Kept",
    "Lanes",
    "Ledger",
    "Line",
    "Scope",
    "Used",
    "affected_by",
    "at_risk",
    "breaches",
    "causes",
    "clock_json",
    "clock_of",
    "due_from_figures",
    "kept",
    "kept_by",
    "kept_of_clauses",
    "kept_total",
    "kept_weekly",
    "lanes",
    "ledger",
    "ledger_json",
    "live",
    "may_see",
    "nearest_of",
    "of_subjects",
    "pressing",
    "promises",
    "rebases",
    "upcoming",
    "used_times",
]

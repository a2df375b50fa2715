"""Reading duties."""

from shounuo.duties.queries.absence import (
    Seat,
    delegations_page,
    delegations_visible_to,
    in_their_places,
    seats,
    stand_ins,
    stands_in_for,
    with_stand_ins,
)
from shounuo.duties.queries.facts import SUBJECT
from shounuo.duties.queries.inbox import BOXES, Box, Counts, Filters, counts, inbox, total
from shounuo.duties.queries.one import (
    about,
    evidence_of,
    get,
    of_series,
    of_subject,
    open_in_series,
    spoken_title,
)
from shounuo.duties.queries.visibility import not_found, people_lent_to, stood_in, visible_ids, visible_to

__all__ = [
    "BOXES",
    "SUBJECT",
    "Box",
    "Counts",
    "Filters",
    "Seat",
    "about",
    "counts",
    "delegations_page",
    "delegations_visible_to",
    "evidence_of",
    "get",
    "in_their_places",
    "inbox",
    "not_found",
    "of_series",
    "of_subject",
    "open_in_series",
    "people_lent_to",
    "seats",
    "spoken_title",
    "stand_ins",
    "stands_in_for",
    "stood_in",
    "total",
    "visible_ids",
    "visible_to",
    "with_stand_ins",
]

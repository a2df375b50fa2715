"""All reads of cases. `visible_to` first: every other function goes through it, or says that it does not."""

from shounuo.cases.queries.facts import facts, first_agent, people
from shounuo.cases.queries.finding import Found, search
from shounuo.cases.queries.history import Happening, changes_since, timeline
from shounuo.cases.queries.holds import held_cases
from shounuo.cases.queries.interactions import for_customer, interactions_page, visible_interactions
from shounuo.cases.queries.lists import (
    VIEWS,
    Counted,
    View,
    list_page,
    saved_names,
    saved_view,
    saved_views,
    unsolved_counts,
    view_counts,
)
from shounuo.cases.queries.page import CasePage, Merged, Message, Tie, case_page
from shounuo.cases.queries.portal import CustomerPage, customer_cases, customer_page
from shounuo.cases.queries.presence import Present, present
from shounuo.cases.queries.record import record_of
from shounuo.cases.queries.settings import canned_fill, canned_texts, fields_of, topics
from shounuo.cases.queries.shapes import case_json, interaction_json
from shounuo.cases.queries.standing import allowed_actions
from shounuo.cases.queries.threads import by_message_ids, by_number, current, participants, reply_addresses
from shounuo.cases.queries.visibility import by_numbers, get, readers, sees, visible_ids, visible_to

__all__ = [
    "VIEWS",
    "CasePage",
    "Counted",
    "CustomerPage",
    "Found",
    "Happening",
    "Merged",
    "Message",
    "Present",
    "Tie",
    "View",
    "allowed_actions",
    "by_message_ids",
    "by_number",
    "by_numbers",
    "canned_fill",
    "canned_texts",
    "case_json",
    "case_page",
    "changes_since",
    "current",
    "customer_cases",
    "customer_page",
    "facts",
    "fields_of",
    "first_agent",
    "for_customer",
    "get",
    "held_cases",
    "interaction_json",
    "interactions_page",
    "list_page",
    "participants",
    "people",
    "present",
    "readers",
    "record_of",
    "reply_addresses",
    "saved_names",
    "saved_view",
    "saved_views",
    "search",
    "sees",
    "timeline",
    "topics",
    "unsolved_counts",
    "view_counts",
    "visible_ids",
    "visible_interactions",
    "visible_to",
]

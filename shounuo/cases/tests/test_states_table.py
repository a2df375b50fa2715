"""Who may move a case from where to where, as data, held without a database."""

import pytest

from shounuo.cases import permissions
from shounuo.cases.rules import states
from shounuo.kernel.errors import Conflict, NotAllowed

ALL = frozenset({permissions.WORK, permissions.ASSIGN, permissions.MERGE})
STANDINGS = (
    states.OWNER,
    states.HELPER,
    states.FINDER,
    states.WORKER,
    states.LEAD,
    states.CUSTOMER,
    states.SYSTEM,
)
# action -> statuses from which it goes, to which it leads ("=": stays)
TABLE = {
    "take": {"new": "open", "open": "=", "waiting_customer": "=", "waiting_internal": "=", "resolved": "="},
    "accept": {"new": "open", "open": "=", "waiting_customer": "=", "waiting_internal": "=", "resolved": "="},
    "assign": dict.fromkeys(("new", "open", "waiting_customer", "waiting_internal", "resolved"), "="),
    "transfer": dict.fromkeys(("new", "open", "waiting_customer", "waiting_internal", "resolved"), "="),
    "classify": dict.fromkeys(states.STATUSES, "="),
    "describe": dict.fromkeys(states.STATUSES, "="),
    "collect": dict.fromkeys(states.ACTIVE, "="),
    "plan_response": dict.fromkeys(states.ACTIVE, "="),
    "reply": dict.fromkeys(states.STATUSES, "="),
    "note": dict.fromkeys(states.STATUSES, "="),
    "receive": {
        "new": "=",
        "open": "=",
        "waiting_customer": "open",
        "waiting_internal": "=",
        "resolved": "open",
        "closed": "open",
    },
    "diagnose": {"new": "open", "open": "=", "waiting_customer": "=", "waiting_internal": "="},
    "tell_eta": {"new": "open", "open": "=", "waiting_customer": "=", "waiting_internal": "="},
    "warn": {"new": "open", "open": "=", "waiting_customer": "=", "waiting_internal": "="},
    "propose": {"new": "open", "open": "=", "waiting_customer": "=", "waiting_internal": "="},
    "choose": {"open": "=", "waiting_customer": "open", "waiting_internal": "="},
    "wait_customer": dict.fromkeys(states.ACTIVE, "waiting_customer"),
    "wait_internal": dict.fromkeys(states.ACTIVE, "waiting_internal"),
    "resume": dict.fromkeys(states.WAITING, "open"),
    "resolve": dict.fromkeys(states.ACTIVE, "resolved"),
    "confirm": {"resolved": "closed"},
    "dispute": {"resolved": "open", "closed": "open"},
    "reopen": {"resolved": "open", "closed": "open"},
    "close": {"resolved": "closed"},
    "feedback": dict.fromkeys(states.DONE, "="),
    "verify": dict.fromkeys(states.DONE, "="),
    "help": dict.fromkeys(("new", "open", "waiting_customer", "waiting_internal", "resolved"), "="),
    "grant": dict.fromkeys(states.STATUSES, "="),
    "merge": dict.fromkeys(states.STATUSES, "="),
    "split": dict.fromkeys(states.STATUSES, "="),
    "link": dict.fromkeys(states.STATUSES, "="),
    "tag": dict.fromkeys(states.STATUSES, "="),
    "fill": dict.fromkeys(states.STATUSES, "="),
}
HANDS = {states.OWNER, states.HELPER, states.FINDER, states.LEAD, states.SYSTEM}
STAFF = HANDS | {states.WORKER}
WHO = {
    **dict.fromkeys(
        ("classify", "describe", "collect", "plan_response", "reply", "note", "feedback", "merge", "split"),
        STAFF,
    ),
    **dict.fromkeys(("link", "tag", "fill"), STAFF),
    **dict.fromkeys(
        (
            "diagnose",
            "tell_eta",
            "warn",
            "propose",
            "wait_customer",
            "wait_internal",
            "resume",
            "resolve",
            "close",
            "verify",
            "help",
            "grant",
        ),
        HANDS,
    ),
    "take": {states.WORKER, states.FINDER, states.LEAD},
    "accept": {states.OWNER, states.SYSTEM},
    "assign": {states.LEAD, states.SYSTEM},
    "transfer": {states.OWNER, states.FINDER, states.LEAD, states.SYSTEM},
    "receive": STAFF | {states.CUSTOMER},
    "choose": HANDS | {states.CUSTOMER},
    "confirm": HANDS | {states.CUSTOMER},
    "dispute": STAFF | {states.CUSTOMER},
    "reopen": STAFF | {states.CUSTOMER},
}


def test_the_table_knows_every_action():
    assert set(TABLE) == set(WHO) == set(states.TRANSITIONS)


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("status", states.STATUSES)
def test_an_action_goes_from_where_the_table_says_to_where_it_says(action, status):
    who = next(iter(states.TRANSITIONS[action].who))
    wanted = TABLE[action].get(status)
    if wanted is None:
        with pytest.raises(Conflict) as raised:
            states.decide(action, status=status, standing=frozenset({who}), permissions=None)
        assert raised.value.code == "wrong_status" and raised.value.extra["status"] == status
    else:
        after = states.decide(action, status=status, standing=frozenset({who}), permissions=None)
        assert after == (status if wanted == "=" else wanted)


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("standing", STANDINGS)
def test_only_those_whom_the_table_names_may_act(action, standing):
    status = next(iter(TABLE[action]))
    if standing in WHO[action]:
        states.decide(action, status=status, standing=frozenset({standing}), permissions=ALL)
    else:
        with pytest.raises(NotAllowed):
            states.decide(action, status=status, standing=frozenset({standing}), permissions=ALL)


@pytest.mark.parametrize("action", TABLE)
def test_without_the_permission_no_standing_helps_a_person(action):
    with pytest.raises(NotAllowed):
        states.decide(
            action,
            status=next(iter(TABLE[action])),
            standing=frozenset(STANDINGS),
            permissions=frozenset({permissions.VIEW_ALL}),
        )


@pytest.mark.parametrize("status", states.STATUSES)
@pytest.mark.parametrize("standing", STANDINGS)
def test_what_is_offered_is_what_would_be_let_through(status, standing):
    offered = states.allowed(status=status, standing=frozenset({standing}), permissions=ALL)
    for action in TABLE:
        try:
            states.decide(action, status=status, standing=frozenset({standing}), permissions=ALL)
            let = True
        except (Conflict, NotAllowed):
            let = False
        assert (action in offered) == let


def test_every_status_can_be_left():
    for status in states.STATUSES:
        assert any(rule.moves.get(status, status) != status for rule in states.TRANSITIONS.values()), (
            f"{status} is a dead end"
        )


def test_nothing_leads_back_to_new():
    for rule in states.TRANSITIONS.values():
        assert all(to != states.NEW or was == states.NEW for was, to in rule.moves.items())

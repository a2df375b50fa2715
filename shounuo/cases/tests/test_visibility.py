"""The one rule of who sees what, behind every read and every write."""

from datetime import timedelta

import pytest

from shounuo.cases import queries, services
from shounuo.cases.models import Case, Interaction
from shounuo.cases.testing import make_case, make_resolved
from shounuo.customers.testing import make_customer
from shounuo.events import subjects
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import NotAllowed, NotFound
from shounuo.staff.testing import AT, make_person

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)
OPTION = [{"title": "换"}]

# Every service on a case, with what it needs; ids are filled in from the case.
CALLS = {
    "case_take": {},
    "case_accept": {},
    "case_assign": {"person_id": "<agent>"},
    "case_transfer": {"person_id": "<agent>", "reason": "x"},
    "case_classify": {"level": "L1"},
    "case_describe": {"subject": "x"},
    "case_customer_set": {"customer_id": "<customer>"},
    "case_diagnose": {"text": "x"},
    "case_wait": {"on": "customer"},
    "case_resume": {},
    "case_resolve": {"text": "x"},
    "case_confirm": {},
    "case_dispute": {"reason": "x"},
    "case_reopen": {"reason": "x"},
    "case_close": {},
    "customer_warn": {"text": "x", "expected_at": LATER},
    "custom_set": {"values": {}},
    "eta_tell": {"expected_at": LATER},
    "feedback_note": {"text": "x"},
    "grant_ask": {"kind": "goodwill", "amount": 100, "reason": "x"},
    "help_ask": {"team_id": 1, "text": "x"},
    "helper_add": {"person_id": "<agent>"},
    "helper_remove": {"person_id": "<agent>"},
    "info_collect": {},
    "mark_read": {},
    "message_receive": {"text": "x", "channel": "mail"},
    "note_add": {"text": "x"},
    "plan_choose": {"option": 1},
    "plan_propose": {"options": OPTION},
    "progress_note": {"text": "x", "public": True},
    "record_verify": {},
    "reply_send": {"text": "x"},
    "response_plan": {"planned_at": LATER},
    "tags_set": {"tags": ["x"]},
    "viewer_seen": {},
    "draft_save": {"mode": "out", "body": {"text": "x"}},
}
# Those that are called with other ids, each with a test of its own below or beside its part.
ELSEWHERE = {
    "cases_bulk",
    "cases_link",
    "cases_merge",
    "cases_unlink",
    "case_import",
    "case_open",
    "case_split",
    "message_import",
    "merge_undo",
    "delivery_note",
    "message_id_set",
    "reply_resend",
    "draft_drop",
    "grant_decide",
    "grant_withdraw",
    "request_ask",
    "viewer_left",
    "view_save",
    "view_delete",
    "canned_save",
    "canned_delete",
    "custom_field_save",
    "topic_create",
    "topic_change",
    "search_index",
    "record_check",
    "close_silent",
    "resume_due",
    "viewers_forget",
    "ACTIONS",
    "IncomingMessage",
    "Outcome",
}


def test_every_service_is_tried_by_an_outsider():
    assert set(services.__all__) == set(CALLS) | ELSEWHERE


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("who", ["outsider", "nobody", "customer"])
def test_an_outsider_does_nothing_and_learns_nothing(cast, name, who):
    case = make_case(team=cast.team, owner=cast.agent)
    stranger = make_customer()
    actor = Actor.customer(stranger.pk) if who == "customer" else cast.actor(getattr(cast, who))
    known = {"<agent>": cast.agent.pk, "<customer>": stranger.pk}
    params = {k: known.get(v, v) if isinstance(v, str) else v for k, v in CALLS[name].items()}
    before = (case.version, case.interactions.count())
    with pytest.raises((NotFound, NotAllowed)) as raised:
        getattr(services, name)(case_id=case.pk, **params, actor=actor, at=LATER)
    if who != "customer":
        assert isinstance(raised.value, NotFound)
    case.refresh_from_db()
    assert (case.version, case.interactions.count()) == before


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"mark_read", "viewer_seen", "draft_save"}))
def test_who_may_only_look_changes_nothing(cast, name):
    viewer = make_person("viewer", roles=("viewer",))
    case = make_case(team=cast.team, owner=cast.agent)
    params = {k: cast.agent.pk if v in ("<agent>", "<customer>") else v for k, v in CALLS[name].items()}
    with pytest.raises(NotAllowed):
        getattr(services, name)(case_id=case.pk, **params, actor=cast.actor(viewer), at=LATER)


@pytest.mark.parametrize(
    "name",
    sorted(set(CALLS) - {"message_receive", "plan_choose", "case_confirm", "case_dispute", "case_reopen"}),
)
def test_a_customer_does_on_his_case_only_what_is_his(cast, name):
    case = make_case(team=cast.team, owner=cast.agent)
    params = {k: cast.agent.pk if v in ("<agent>", "<customer>") else v for k, v in CALLS[name].items()}
    with pytest.raises(NotAllowed):
        getattr(services, name)(case_id=case.pk, **params, actor=Actor.customer(case.customer_id), at=LATER)


def test_messages_and_merges_are_closed_to_an_outsider(cast):
    senior = make_person("senior", roles=("senior_agent",), teams=(cast.other_team,))
    customer = make_customer()
    case, other = (make_case(customer=customer, team=cast.team, owner=cast.agent) for _i in range(2))
    answer = services.reply_send(case_id=case.pk, text="好", actor=cast.actor(cast.agent), at=AT)
    act = {"actor": cast.actor(senior), "at": LATER}
    for call in (
        lambda: services.delivery_note(interaction_id=answer.pk, ok=False, **act),
        lambda: services.reply_resend(interaction_id=answer.pk, **act),
        lambda: services.case_split(interaction_id=case.interactions.first().pk, subject="x", **act),
        lambda: services.cases_merge(source_id=case.pk, target_id=other.pk, **act),
    ):
        with pytest.raises(NotFound):
            call()
    services.cases_merge(source_id=case.pk, target_id=other.pk, actor=Actor.system(), at=AT)
    link_case = make_case(team=cast.team)
    link = services.cases_link(source_id=other.pk, target_id=link_case.pk, actor=Actor.system(), at=AT)
    for call in (
        lambda: services.merge_undo(merge_id=other.merges_in.get().pk, **act),
        lambda: services.cases_unlink(link_id=link.pk, **act),
    ):
        with pytest.raises(NotFound):
            call()


def test_what_another_system_held_comes_in_by_the_system_alone(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    message = {
        "direction": "in",
        "text": "旧信",
        "channel": "mail",
        "message": services.IncomingMessage(),
        "at": AT,
    }
    for actor in (cast.actor(cast.admin), Actor.customer(case.customer_id)):
        with pytest.raises(NotAllowed):
            services.case_import(subject="旧", customer_id=case.customer_id, actor=actor, **message)
        with pytest.raises(NotAllowed):
            services.message_import(case_id=case.pk, actor=actor, **message)


def test_set_up_is_for_those_who_configure(cast):
    act = {"actor": cast.actor(cast.agent), "at": AT}
    for call in (
        lambda: services.topic_create(code="x", name="x", **act),
        lambda: services.custom_field_save(code="x", label="x", **act),
        lambda: services.canned_save(title="x", body="x", **act),
        lambda: services.canned_save(title="x", body="x", team_id=cast.team.pk, **act),
    ):
        with pytest.raises(NotAllowed):
            call()
    lead = {"actor": cast.actor(cast.supervisor), "at": AT}
    services.canned_save(title="问候", body="{{customer}}您好", team_id=cast.team.pk, **lead)
    with pytest.raises(NotAllowed):
        services.canned_save(title="x", body="x", team_id=cast.other_team.pk, **lead)


def seen(actor):
    return set(queries.visible_to(actor).values_list("subject", flat=True))


def test_a_colleague_sees_his_own_his_teams_what_he_helps_with_and_what_nobody_has(cast, colleague):
    make_case("mine elsewhere", team=cast.other_team, owner=cast.agent, accepted=False)
    make_case("team", team=cast.team)
    make_case("team, another's", team=cast.team, owner=colleague)
    make_case("nobody's")
    helped = make_case("helped", team=cast.other_team, owner=cast.outsider)
    services.helper_add(case_id=helped.pk, person_id=cast.agent.pk, actor=cast.actor(cast.outsider), at=AT)
    mentioned = make_case("mentioned", team=cast.team, owner=colleague)
    services.note_add(
        case_id=mentioned.pk, text="@", mentions=[cast.agent.pk], actor=cast.actor(colleague), at=AT
    )
    services.case_assign(
        case_id=mentioned.pk, person_id=cast.outsider.pk, actor=cast.actor(cast.supervisor), at=AT
    )
    make_case("other team", team=cast.other_team)
    make_case("other team's own", team=cast.other_team, owner=cast.outsider)
    everything = seen(Actor.system())
    assert seen(cast.actor(cast.agent)) == everything - {"other team", "other team's own"}
    assert seen(cast.actor(cast.manager)) == everything
    assert seen(cast.actor(cast.nobody)) == set()
    assert seen(Actor("bot")) == set()
    # A write asks the same question of one case at hand.
    for actor in (cast.actor(cast.agent), cast.actor(cast.manager), cast.actor(cast.nobody), Actor("bot"),
                  Actor.system(), Actor.customer(helped.customer_id), Actor.customer(0)):  # fmt: skip
        at_hand = {case.subject for case in Case.objects.all() if queries.sees(actor, case)}
        assert at_hand == seen(actor), actor


def test_a_customer_sees_his_own_cases_and_no_note(cast):
    case = make_case("mine", team=cast.team, owner=cast.agent)
    make_case("another's")
    services.note_add(case_id=case.pk, text="内部", actor=cast.actor(cast.agent), at=AT)
    services.reply_send(case_id=case.pk, text="公开", actor=cast.actor(cast.agent), at=AT)
    me = Actor.customer(case.customer_id)
    assert seen(me) == {"mine"}
    page = queries.customer_page(me, case.number)
    assert [i.direction for i in page.messages] == ["in", "out"]
    assert not queries.visible_interactions(me).filter(direction="note").exists()
    assert page.actions == {"receive"}
    services.case_resolve(case_id=case.pk, text="好了", actor=cast.actor(cast.agent), at=AT)
    assert queries.customer_page(me, case.number).actions == {"receive", "confirm", "dispute", "reopen"}


def test_every_read_leaves_out_what_the_outsider_may_not_see(cast):
    case = make_case(
        "到货结块", team=cast.team, owner=cast.agent, customer=make_customer("宋建国", phone="13812346721")
    )
    services.search_index(case.pk)
    out = cast.actor(cast.outsider)
    with pytest.raises(NotFound):
        queries.get(out, case.number)
    with pytest.raises(NotFound):
        queries.case_page(out, case.number, at=AT)
    for view in queries.VIEWS:
        assert queries.list_page(out, view, at=AT)[0] == []
    assert not any(counted.total for counted in queries.view_counts(out, AT).values())
    assert queries.list_page(out, {}, at=AT)[0] == []
    assert queries.list_page(out, {"customer": case.customer_id}, at=AT)[0] == []
    for text in (str(case.number), "13812346721", "宋建国", "结块", "料"):
        assert queries.search(out, text) == []
        assert text == "料" or queries.search(cast.actor(cast.agent), text)
    assert queries.interactions_page(out)[0] == []
    assert queries.visible_ids(out, [case.pk]) == set()
    assert subjects.get("case").visible_ids(out, [case.pk]) == set()


def test_a_tie_does_not_betray_a_case_that_one_may_not_see(cast):
    mine, theirs = make_case(team=cast.team), make_case("机密", team=cast.other_team)
    services.cases_link(source_id=mine.pk, target_id=theirs.pk, actor=Actor.system(), at=AT)
    assert queries.case_page(cast.actor(cast.agent), mine.number, at=AT).ties == []
    assert len(queries.case_page(cast.actor(cast.manager), mine.number, at=AT).ties) == 1


def test_the_customers_other_cases_are_shown_as_far_as_they_may_be_seen(cast):
    customer = make_customer()
    case = make_case(customer=customer, team=cast.team)
    make_case("机密", customer=customer, team=cast.other_team)
    shown = make_case(customer=customer, team=cast.team)
    assert queries.case_page(cast.actor(cast.agent), case.number, at=AT).others == [shown]


def test_drafts_are_seen_by_who_wrote_them(cast, colleague):
    case = make_case(team=cast.team)
    services.draft_save(
        case_id=case.pk, mode="out", body={"text": "我的"}, actor=cast.actor(cast.agent), at=AT
    )
    assert queries.case_page(cast.actor(cast.agent), case.number, at=AT).drafts == {"out": {"text": "我的"}}
    assert queries.case_page(cast.actor(colleague), case.number, at=AT).drafts == {}


def test_a_merged_case_of_another_does_not_open_by_its_pointer(cast):
    customer = make_customer()
    source = make_case(customer=customer, team=cast.other_team, owner=cast.outsider)
    target = make_case(customer=customer, team=cast.team, owner=cast.agent)
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=Actor.system(), at=AT)
    page = queries.case_page(cast.actor(cast.agent), target.number, at=AT)
    assert page.merges == [] and len(page.messages) == 2
    assert Interaction.objects.filter(case=source).count() == 0


def test_bulk_says_for_each_case_what_became_of_it(cast, colleague):
    free, owned = make_case(team=cast.team), make_case(team=cast.team, owner=colleague)
    hidden = make_case(team=cast.other_team)
    done = make_resolved(owner=cast.agent, team=cast.team)
    outcomes = services.cases_bulk(
        case_ids=[free.pk, owned.pk, hidden.pk, done.pk, 999_999],
        action="take",
        params={},
        actor=cast.actor(cast.agent),
        at=LATER,
    )
    by_id = {o.case_id: o for o in outcomes}
    assert by_id[free.pk].ok and by_id[done.pk].ok
    assert by_id[owned.pk].problem.code == "taken" and by_id[owned.pk].number == owned.number
    assert by_id[hidden.pk].problem.code == by_id[999_999].problem.code == "case_not_found"
    assert by_id[hidden.pk].number is None

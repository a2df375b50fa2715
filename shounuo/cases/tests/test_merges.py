"""Joining and parting: merge, its undo, split, links."""

from datetime import timedelta

import pytest
from django.forms.models import model_to_dict

from shounuo.cases import services
from shounuo.cases.models import Case, Interaction, Mention, Merge, Option, Plan
from shounuo.cases.testing import make_case, make_resolved
from shounuo.customers.testing import make_customer
from shounuo.files import services as files
from shounuo.files.models import File
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.staff.testing import AT, make_person

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


@pytest.fixture
def senior(cast):
    return make_person("senior", name="何工", roles=("senior_agent",), teams=(cast.team,))


@pytest.fixture
def pair(cast, senior, colleague):
    """Two cases of one customer: the source with all that can hang on a case."""
    customer = make_customer("宋建国", mail="song@example.cn")
    target = make_case("到货结块", customer=customer, team=cast.team, owner=cast.agent, tags=["饲料"])
    source = make_case("袋底发潮", customer=customer, team=cast.team, owner=colleague, tags=["饲料", "受潮"])
    act = {"case_id": source.pk, "actor": cast.actor(colleague), "at": AT}
    services.helper_add(person_id=cast.outsider.pk, **act)
    upload = files.draft_upload(data=b"weigh bill", name="磅单.txt", actor=cast.actor(colleague), at=AT)
    services.note_add(text="看磅单", mentions=[senior.pk], file_ids=[upload.pk], **act)
    services.plan_propose(options=[{"title": "换新料"}, {"title": "退货"}], then="wait", **act)
    services.case_wait(on="customer", reason="等选择", until=AT + timedelta(days=3), **act)
    return source, target


def state_of(*cases):
    """All that a merge may touch, as plain values."""
    skipped = {"version", "updated_at"}
    found = {}
    for case in cases:
        row = Case.objects.get(pk=case.pk)
        columns = {f.attname: getattr(row, f.attname) for f in Case._meta.concrete_fields}
        found[case.pk] = {
            "case": {k: v for k, v in columns.items() if k not in skipped},
            "helpers": sorted(row.helpers.values_list("pk", flat=True)),
            "interactions": [model_to_dict(i) for i in Interaction.objects.filter(case=row).order_by("pk")],
            "plans": [model_to_dict(p) for p in Plan.objects.filter(case=row).order_by("pk")],
            "options": list(Option.objects.filter(plan__case=row).order_by("pk").values()),
            "mentions": [model_to_dict(m) for m in Mention.objects.filter(case=row).order_by("pk")],
            "files": list(
                File.objects.filter(subject_kind="case", subject_id=row.pk).order_by("pk").values()
            ),
        }
    return found


def test_a_merge_moves_everything_and_leaves_a_pointer(cast, senior, pair, told, payload):
    source, target = pair
    moved = state_of(source)[source.pk]
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    source.refresh_from_db()
    target.refresh_from_db()
    assert (source.status, source.closed_how, source.merged_into_id) == ("closed", "merged", target.pk)
    assert source.close_at is None and source.wait_until is None and not source.unanswered
    now = state_of(source, target)
    for part in ("interactions", "plans", "mentions", "files"):
        assert now[source.pk][part] == []
        assert {r["id"] for r in moved[part]} <= {r["id"] for r in now[target.pk][part]}
    assert target.tags == ["饲料", "受潮"] and target.helpers.get().pk == cast.outsider.pk
    assert target.status == "open" and target.owner_id == cast.agent.pk
    assert told(source)[-1] == "case.merged" and told(target)[-1] == "case.merge_received"
    assert payload(source, "case.merged")["into"] == target.pk


def test_undoing_a_merge_restores_both_exactly(cast, senior, pair):
    source, target = pair
    before = state_of(source, target)
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    assert state_of(source, target) != before
    merge = Merge.objects.get()
    services.merge_undo(merge_id=merge.pk, actor=cast.actor(senior), at=LATER + timedelta(days=29))
    assert state_of(source, target) == before


@pytest.mark.parametrize("status", ["new", "resolved", "closed"])
def test_a_source_of_any_status_comes_back_as_it_was(cast, senior, status):
    customer = make_customer()
    target = make_case(customer=customer, team=cast.team, owner=cast.agent)
    if status == "new":
        source = make_case(customer=customer, team=cast.team)
    else:
        source = make_resolved(customer=customer, owner=cast.agent, team=cast.team)
    if status == "closed":
        services.case_confirm(case_id=source.pk, actor=cast.actor(cast.agent), at=AT)
    before = state_of(source, target)
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    services.merge_undo(merge_id=Merge.objects.get().pk, actor=cast.actor(senior), at=LATER)
    assert state_of(source, target) == before


def test_what_came_after_the_merge_stays_where_it_came(cast, senior, pair):
    source, target = pair
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    late = services.message_receive(
        case_id=source.pk,
        text="还有一袋",
        channel="mail",
        actor=Actor.system(),
        at=LATER + timedelta(hours=1),
    )
    assert late.case_id == target.pk
    services.merge_undo(
        merge_id=Merge.objects.get().pk, actor=cast.actor(senior), at=LATER + timedelta(hours=2)
    )
    late.refresh_from_db()
    target.refresh_from_db()
    assert late.case_id == target.pk and target.unanswered and target.last_in_at == LATER + timedelta(hours=1)


def test_later_messages_follow_a_chain_of_pointers(cast, senior):
    customer = make_customer()
    first, second, third = (make_case(customer=customer, team=cast.team, owner=cast.agent) for _i in range(3))
    act = {"actor": cast.actor(senior), "at": LATER}
    services.cases_merge(source_id=first.pk, target_id=second.pk, **act)
    services.cases_merge(source_id=second.pk, target_id=third.pk, **act)
    message = services.message_receive(
        case_id=first.pk, text="?", channel="mail", actor=Actor.customer(customer.pk), at=LATER
    )
    assert message.case_id == third.pk
    with pytest.raises(Conflict):  # the later merge must be undone before the earlier
        services.merge_undo(merge_id=Merge.objects.get(source=first).pk, **act)
    services.merge_undo(merge_id=Merge.objects.get(source=second).pk, **act)
    services.merge_undo(merge_id=Merge.objects.get(source=first).pk, **act)
    assert Case.objects.filter(merged_into=None).count() == 3


def test_a_merge_is_undone_once_and_within_thirty_days(cast, senior, pair):
    source, target = pair
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    merge = Merge.objects.get()
    with pytest.raises(Conflict) as raised:
        services.merge_undo(
            merge_id=merge.pk, actor=cast.actor(senior), at=LATER + timedelta(days=30, seconds=1)
        )
    assert raised.value.code == "too_late"
    services.merge_undo(merge_id=merge.pk, actor=cast.actor(senior), at=LATER)
    with pytest.raises(Conflict) as raised:
        services.merge_undo(merge_id=merge.pk, actor=cast.actor(senior), at=LATER)
    assert raised.value.code == "already_undone"
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)


def test_what_does_not_belong_together_is_not_merged(cast, senior, pair):
    source, target = pair
    act = {"actor": cast.actor(senior), "at": LATER}
    stranger = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Conflict) as raised:
        services.cases_merge(source_id=stranger.pk, target_id=target.pk, **act)
    assert raised.value.code == "other_customer"
    with pytest.raises(Invalid):
        services.cases_merge(source_id=source.pk, target_id=source.pk, **act)
    services.case_resolve(case_id=target.pk, text="好了", actor=cast.actor(cast.agent), at=LATER)
    with pytest.raises(Conflict) as raised:
        services.cases_merge(source_id=source.pk, target_id=target.pk, **act)
    assert raised.value.code == "target_done"


def test_merging_takes_its_permission(cast, pair):
    source, target = pair
    with pytest.raises(NotAllowed):
        services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(cast.agent), at=LATER)


def test_nothing_is_done_with_what_was_merged(cast, senior, pair, colleague):
    source, target = pair
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    with pytest.raises(Conflict) as raised:
        services.case_reopen(case_id=source.pk, reason="x", actor=cast.actor(colleague), at=LATER)
    assert raised.value.code == "merged" and raised.value.extra["into"] == target.number


def test_the_source_of_a_merge_is_free_for_another_while_a_second_plan_stays_open(cast, senior, pair):
    source, target = pair
    kept = services.plan_propose(
        case_id=target.pk, options=[{"title": "折价"}], actor=cast.actor(cast.agent), at=AT
    )
    before = state_of(source, target)
    services.cases_merge(source_id=source.pk, target_id=target.pk, actor=cast.actor(senior), at=LATER)
    assert target.plans.get(withdrawn_at=None) == kept
    services.merge_undo(merge_id=Merge.objects.get().pk, actor=cast.actor(senior), at=LATER)
    assert state_of(source, target) == before


def test_a_message_becomes_a_case_of_its_own(cast, senior, told, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    extra = services.message_receive(
        case_id=case.pk, text="另外料线也响", channel="mail", actor=Actor.system(), at=AT
    )
    new = services.case_split(interaction_id=extra.pk, subject="料线异响", actor=cast.actor(senior), at=LATER)
    extra.refresh_from_db()
    assert extra.case_id == new.pk and new.customer_id == case.customer_id and new.team_id == cast.team.pk
    assert new.status == "new" and new.owner_id is None and new.opened_at == LATER and new.unanswered
    assert told(new) == ["case.opened", "interaction.received"] and told(case)[-1] == "case.split"
    assert payload(new, "case.opened")["split_from"] == case.pk
    assert case.links_out.get().kind == "split"


def test_the_only_message_an_answer_or_a_note_is_not_split_off(cast, senior):
    case = make_case(team=cast.team, owner=cast.agent)
    act = {"subject": "x", "actor": cast.actor(senior), "at": LATER}
    with pytest.raises(Conflict):
        services.case_split(interaction_id=case.interactions.get().pk, **act)
    answer = services.reply_send(case_id=case.pk, text="好", actor=cast.actor(cast.agent), at=LATER)
    with pytest.raises(Invalid):
        services.case_split(interaction_id=answer.pk, **act)


def test_links_are_made_once_and_a_parent_is_no_child(cast, told):
    one, two = make_case(team=cast.team), make_case(team=cast.team)
    act = {"actor": cast.actor(cast.agent), "at": LATER}
    link = services.cases_link(source_id=one.pk, target_id=two.pk, kind="parent", **act)
    assert services.cases_link(source_id=one.pk, target_id=two.pk, kind="parent", **act) == link
    with pytest.raises(Conflict):
        services.cases_link(source_id=two.pk, target_id=one.pk, kind="parent", **act)
    assert told(one)[-1] == told(two)[-1] == "case.linked"
    services.cases_unlink(link_id=link.pk, **act)
    assert not one.links_out.exists() and told(two)[-1] == "case.unlinked"


def test_nobody_ties_his_case_to_one_that_he_may_not_see(cast):
    mine, theirs = make_case(team=cast.team), make_case(team=cast.other_team)
    with pytest.raises(NotFound):
        services.cases_link(source_id=mine.pk, target_id=theirs.pk, actor=cast.actor(cast.agent), at=LATER)

"""One accountable owner through every transfer, and each transfer counted."""

import pytest

from shounuo.cases import services
from shounuo.cases.testing import make_case
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed
from shounuo.staff.testing import AT, make_person

pytestmark = pytest.mark.django_db


def test_taking_makes_it_mine_and_accepted(cast, told, payload):
    case = make_case(team=cast.team)
    case = services.case_take(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    assert (case.owner_id, case.first_owner_id, case.status) == (cast.agent.pk, cast.agent.pk, "open")
    assert case.accepted_at == AT and case.transfer_count == 0 and case.version == 2
    assert told(case)[-2:] == ["case.assigned", "case.accepted"]
    assert payload(case, "case.assigned")["by_self"] is True


def test_taking_again_changes_nothing(cast, told):
    case = make_case(team=cast.team, owner=cast.agent)
    before = (case.version, told(case))
    case = services.case_take(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    assert (case.version, told(case)) == before


def test_what_another_has_cannot_be_taken_and_the_answer_names_him(cast, colleague):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Conflict) as raised:
        services.case_take(case_id=case.pk, actor=cast.actor(colleague), at=AT)
    assert raised.value.code == "taken" and raised.value.extra["owner"] == cast.agent.pk
    assert "林小满" in str(raised.value)


def test_who_is_given_a_case_accepts_it(cast, told, payload):
    case = make_case(team=cast.team)
    case = services.case_assign(
        case_id=case.pk, person_id=cast.agent.pk, actor=cast.actor(cast.supervisor), at=AT
    )
    assert (
        case.status == "new"
        and case.accepted_at is None
        and payload(case, "case.assigned")["by_self"] is False
    )
    case = services.case_accept(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    assert case.status == "open" and case.accepted_at == AT and told(case)[-1] == "case.accepted"


def test_only_its_owner_accepts(cast, colleague):
    case = make_case(team=cast.team, owner=cast.agent, accepted=False)
    with pytest.raises(Conflict):
        services.case_accept(case_id=case.pk, actor=cast.actor(colleague), at=AT)
    nobodys = make_case(team=cast.team)
    with pytest.raises(Conflict) as raised:
        services.case_accept(case_id=nobodys.pk, actor=cast.actor(colleague), at=AT)
    assert raised.value.code == "no_owner"


def test_an_agent_assigns_to_nobody(cast, colleague):
    case = make_case(team=cast.team)
    with pytest.raises(NotAllowed):
        services.case_assign(case_id=case.pk, person_id=colleague.pk, actor=cast.actor(cast.agent), at=AT)


def test_a_transfer_to_a_person_is_counted_and_must_be_accepted_anew(cast, colleague, told, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    case = services.case_transfer(
        case_id=case.pk, person_id=colleague.pk, reason="需要懂设备的人", actor=cast.actor(cast.agent), at=AT
    )
    assert (case.owner_id, case.first_owner_id, case.transfer_count) == (colleague.pk, cast.agent.pk, 1)
    assert case.status == "open" and case.accepted_at is None
    assert told(case)[-3:] == ["interaction.noted", "case.transferred", "case.assigned"]
    moved = payload(case, "case.transferred")
    assert (moved["was"], moved["owner"], moved["count"]) == (cast.agent.pk, colleague.pk, 1)
    assert case.interactions.get(purpose="transfer").text == "需要懂设备的人"


def test_a_transfer_to_a_team_leaves_the_owner_accountable_until_it_is_taken(cast, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    case = services.case_transfer(
        case_id=case.pk, team_id=cast.other_team.pk, reason="设备问题", actor=cast.actor(cast.agent), at=AT
    )
    assert case.owner_id == cast.agent.pk and case.team_id == cast.other_team.pk
    assert case.handed_at == AT and case.transfer_count == 1
    case = services.case_take(case_id=case.pk, actor=cast.actor(cast.outsider), at=AT)
    assert case.owner_id == cast.outsider.pk and case.handed_at is None and case.transfer_count == 1
    assert payload(case, "case.assigned")["was"] == cast.agent.pk


def test_the_owner_can_take_back_what_nobody_has_taken(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    services.case_transfer(
        case_id=case.pk, team_id=cast.other_team.pk, reason="设备问题", actor=cast.actor(cast.agent), at=AT
    )
    case = services.case_take(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    assert case.owner_id == cast.agent.pk and case.handed_at is None and case.accepted_at == AT


def test_anyone_of_the_team_hands_on_what_nobody_has(cast, told):
    case = make_case(team=cast.team)
    case = services.case_transfer(
        case_id=case.pk, team_id=cast.other_team.pk, reason="不归我们", actor=cast.actor(cast.agent), at=AT
    )
    assert case.owner_id is None and case.team_id == cast.other_team.pk and case.transfer_count == 0
    assert told(case)[-1] == "case.assigned"


def test_another_agent_gives_nothing_away(cast, colleague):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(NotAllowed):
        services.case_transfer(
            case_id=case.pk, person_id=colleague.pk, reason="我来", actor=cast.actor(colleague), at=AT
        )


@pytest.mark.parametrize("reason", ["", "  \n\x00"])
def test_a_transfer_needs_a_reason(cast, colleague, reason):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Invalid) as raised:
        services.case_transfer(
            case_id=case.pk, person_id=colleague.pk, reason=reason, actor=cast.actor(cast.agent), at=AT
        )
    assert raised.value.field == "reason"


def test_a_case_goes_only_to_those_who_can_handle_it(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    gone = make_person("gone", teams=(cast.team,))
    gone.is_active = False
    gone.save(update_fields=["is_active"])
    for person_id in (cast.nobody.pk, gone.pk, 999_999):
        with pytest.raises(Invalid) as raised:
            services.case_transfer(
                case_id=case.pk, person_id=person_id, reason="x", actor=cast.actor(cast.agent), at=AT
            )
        assert raised.value.code == "bad_person"
    with pytest.raises(Invalid):
        services.case_transfer(case_id=case.pk, reason="x", actor=cast.actor(cast.agent), at=AT)


def test_giving_it_to_who_has_it_is_a_conflict(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Conflict):
        services.case_assign(
            case_id=case.pk, person_id=cast.agent.pk, actor=cast.actor(cast.supervisor), at=AT
        )
    with pytest.raises(Conflict):
        services.case_assign(
            case_id=make_case(team=cast.team).pk,
            team_id=cast.team.pk,
            actor=cast.actor(cast.supervisor),
            at=AT,
        )


def test_a_case_given_to_one_of_another_team_moves_to_that_team(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    case = services.case_assign(
        case_id=case.pk, person_id=cast.outsider.pk, actor=cast.actor(cast.supervisor), at=AT
    )
    assert case.team_id == cast.other_team.pk and case.transfer_count == 1


def test_a_helper_sees_the_case_and_may_leave(cast, told):
    case = make_case(team=cast.team, owner=cast.agent)
    services.helper_add(case_id=case.pk, person_id=cast.outsider.pk, actor=cast.actor(cast.agent), at=AT)
    note = services.note_add(case_id=case.pk, text="我看看", actor=cast.actor(cast.outsider), at=AT)
    assert note.person_id == cast.outsider.pk
    services.case_wait(
        case_id=case.pk, on="internal", reason="等磅单", actor=cast.actor(cast.outsider), at=AT
    )
    services.helper_remove(
        case_id=case.pk, person_id=cast.outsider.pk, actor=cast.actor(cast.outsider), at=AT
    )
    assert not case.helpers.exists() and told(case)[-1] == "case.helper_removed"


def test_the_writer_of_an_older_version_is_told_what_changed(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    seen = case.version
    services.case_classify(case_id=case.pk, level="L2", actor=cast.actor(cast.supervisor), at=AT)
    services.note_add(case_id=case.pk, text="先别承诺", actor=cast.actor(cast.supervisor), at=AT)
    with pytest.raises(Conflict) as raised:
        services.case_resolve(
            case_id=case.pk, text="好了", expected_version=seen, actor=cast.actor(cast.agent), at=AT
        )
    problem = raised.value
    assert problem.code == "changed" and problem.extra["version"] == seen + 2
    assert [(c["kind"], c["by"]) for c in problem.extra["changes"]] == [
        ("case.classified", "周明"),
        ("case.triaged", "周明"),
        ("interaction.noted", "周明"),
    ]
    case.refresh_from_db()
    assert case.status == "open"

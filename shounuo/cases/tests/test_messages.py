"""What is said: answers, notes, progress; what comes in; what could not be delivered."""

from datetime import timedelta

import pytest

from shounuo.cases import services
from shounuo.cases.models import Interaction
from shounuo.cases.testing import make_case, make_resolved
from shounuo.customers.testing import make_customer
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound
from shounuo.staff.testing import AT

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def reply(case, person, cast, **more):
    return services.reply_send(
        case_id=case.pk, **{"text": "宋老板您好", **more}, actor=cast.actor(person), at=more.pop("at", LATER)
    )


def receive(case, text="还没好", *, actor=None, **more):
    return services.message_receive(
        case_id=case.pk, text=text, channel="mail", **more, actor=actor or Actor.system(), at=LATER
    )


def test_who_answers_what_nobody_has_takes_and_accepts_it(cast, told, payload):
    case = make_case(team=cast.team)
    answer = reply(case, cast.agent, cast)
    case.refresh_from_db()
    assert case.owner_id == cast.agent.pk and case.status == "open" and case.accepted_at == LATER
    assert told(case)[-3:] == ["case.assigned", "case.accepted", "interaction.sent"]
    sent = payload(case, "interaction.sent")
    assert sent["first"] is True and sent["automatic"] is False and sent["interaction"] == answer.pk
    assert case.first_response_at == LATER and not case.unanswered


def test_only_the_first_answer_is_the_first(cast, payload):
    case = make_case(team=cast.team)
    reply(case, cast.agent, cast)
    reply(case, cast.agent, cast)
    assert payload(case, "interaction.sent")["first"] is False


def test_an_automatic_receipt_answers_nothing_and_takes_nothing(cast, payload):
    case = make_case(team=cast.team)
    receipt = services.reply_send(
        case_id=case.pk, text="已收到", automatic=True, actor=Actor.system(), at=LATER
    )
    case.refresh_from_db()
    assert case.owner_id is None and case.unanswered and case.first_response_at is None
    assert receipt.purpose == "receipt" and payload(case, "interaction.sent")["automatic"] is True


def test_a_supervisors_answer_on_anothers_case_leaves_the_owner(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    reply(case, cast.supervisor, cast)
    case.refresh_from_db()
    assert case.owner_id == cast.agent.pk


def test_an_answer_goes_to_who_wrote_last_else_to_the_customer(cast):
    case = make_case(team=cast.team, customer=make_customer("宋建国", mail="song@example.cn"))
    assert reply(case, cast.agent, cast).recipients == ["song@example.cn"]
    receive(case, sender="wife@example.cn")
    answer = reply(case, cast.agent, cast)
    assert answer.recipients == ["wife@example.cn"] and answer.state == "queued"


def test_spoken_words_are_delivered_by_being_spoken(cast):
    case = make_case(channel="phone", actor=cast.actor(cast.agent), owner=cast.agent)
    answer = reply(case, cast.agent, cast)
    assert answer.recipients == [] and answer.state == "done"


@pytest.mark.parametrize("bad", ["no address", "a@b@c", "x@y\nBcc: z@example.cn", ""])
def test_what_is_no_address_is_refused_by_name(cast, bad):
    case = make_case(team=cast.team)
    with pytest.raises(Invalid) as raised:
        reply(case, cast.agent, cast, recipients=["song@example.cn", bad])
    assert raised.value.field == "recipients"
    case.refresh_from_db()
    assert case.owner_id is None  # nothing of it happened


def test_an_empty_answer_is_refused(cast):
    with pytest.raises(Invalid):
        reply(make_case(team=cast.team), cast.agent, cast, text=" \x00\n ")


def test_an_answer_can_leave_the_case_waiting_or_resolved(cast, told):
    case = make_case(team=cast.team)
    reply(case, cast.agent, cast, then="wait")
    case.refresh_from_db()
    assert case.status == "waiting_customer" and told(case)[-1] == "case.waiting"
    answer = reply(case, cast.agent, cast, text="已补发", then="resolve")
    case.refresh_from_db()
    assert case.status == "resolved" and case.resolution == "已补发" and answer.purpose == "solution"
    assert told(case)[-2:] == ["interaction.sent", "case.resolved"]


def test_a_message_resumes_a_case_that_waited_for_it(cast, told):
    case = make_case(team=cast.team, owner=cast.agent)
    services.case_wait(case_id=case.pk, on="customer", actor=cast.actor(cast.agent), at=AT)
    receive(case)
    case.refresh_from_db()
    assert case.status == "open" and case.unanswered and case.wait_until is None
    assert told(case)[-2:] == ["interaction.received", "case.resumed"]


def test_a_message_does_not_end_the_waiting_for_colleagues(cast):
    case = make_case(team=cast.team, owner=cast.agent)
    services.case_wait(case_id=case.pk, on="internal", actor=cast.actor(cast.agent), at=AT)
    receive(case)
    case.refresh_from_db()
    assert case.status == "waiting_internal" and case.unanswered


@pytest.mark.parametrize("closed", [False, True])
def test_a_message_reopens_what_was_resolved_or_closed(cast, told, payload, closed):
    case = make_resolved(owner=cast.agent, team=cast.team)
    if closed:
        services.case_close(case_id=case.pk, actor=cast.actor(cast.agent), at=AT)
    receive(case)
    case.refresh_from_db()
    assert (case.status, case.round, case.reopen_count) == ("open", 2, 1)
    assert case.resolved_at is None and case.closed_at is None and case.close_at is None
    assert case.owner_id == cast.agent.pk and told(case)[-1] == "case.reopened"
    assert payload(case, "case.reopened")["why"] == "message"


def test_an_automatic_message_changes_no_state(cast):
    case = make_resolved(owner=cast.agent, team=cast.team)
    receive(case, "我正在休假", automatic=True)
    case.refresh_from_db()
    assert case.status == "resolved" and not case.unanswered


def test_a_note_never_leaves_the_house_and_names_colleagues(cast, colleague, told, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    note = services.note_add(
        case_id=case.pk,
        text="@陈海涛 看一下",
        mentions=[colleague.pk],
        actor=cast.actor(cast.agent),
        at=LATER,
    )
    case.refresh_from_db()
    assert note.direction == "note" and case.first_response_at is None and case.unanswered
    assert told(case)[-2:] == ["interaction.noted", "case.mentioned"]
    assert payload(case, "case.mentioned")["persons"] == [colleague.pk]


def test_only_those_who_may_see_the_case_can_be_mentioned(cast, colleague):
    case = make_case(team=cast.team, owner=cast.agent)
    with pytest.raises(Invalid) as raised:
        services.note_add(
            case_id=case.pk,
            text="请看",
            mentions=[colleague.pk, cast.outsider.pk, cast.nobody.pk],
            actor=cast.actor(cast.agent),
            at=LATER,
        )
    assert raised.value.code == "cannot_see"
    assert set(raised.value.extra["persons"]) == {cast.outsider.pk, cast.nobody.pk}
    assert "韩梅" in str(raised.value)
    assert not case.interactions.filter(direction="note").exists()


def test_public_progress_is_told_to_the_customer_and_the_other_is_not(cast, told, payload):
    case = make_case(team=cast.team, owner=cast.agent)
    shown = services.progress_note(
        case_id=case.pk, text="已取样送检", public=True, actor=cast.actor(cast.agent), at=LATER
    )
    assert shown.direction == "out" and told(case)[-2:] == ["interaction.sent", "progress.noted"]
    hidden = services.progress_note(
        case_id=case.pk,
        text="已停机",
        public=False,
        aspect="operation",
        actor=cast.actor(cast.agent),
        at=LATER,
    )
    assert hidden.direction == "note"
    noted = payload(case, "progress.noted")
    assert noted["public"] is False and noted["aspect"] == "operation"


def test_a_failed_first_answer_is_no_answer(cast, told):
    case = make_case(team=cast.team)
    answer = reply(case, cast.agent, cast)
    services.delivery_note(
        interaction_id=answer.pk, ok=False, error="550 no such user", actor=Actor.system(), at=LATER
    )
    case.refresh_from_db()
    assert case.first_response_at is None and case.unanswered and case.last_out_at is None
    assert told(case)[-1] == "interaction.failed"
    again = services.reply_resend(interaction_id=answer.pk, actor=cast.actor(cast.agent), at=LATER)
    case.refresh_from_db()
    assert again.state == "queued" and case.first_response_at == LATER and not case.unanswered


def test_a_delivery_is_told_once(cast, told):
    case = make_case(team=cast.team)
    answer = reply(case, cast.agent, cast)
    for _time in range(2):
        services.delivery_note(
            interaction_id=answer.pk, ok=True, message_id="<1@x>", actor=Actor.system(), at=LATER
        )
    assert told(case).count("interaction.delivered") == 1
    assert Interaction.objects.get(pk=answer.pk).message_id == "<1@x>"
    with pytest.raises(Conflict):
        services.reply_resend(interaction_id=answer.pk, actor=cast.actor(cast.agent), at=LATER)


def test_only_the_system_sets_message_ids(cast):
    case = make_case(team=cast.team)
    answer = reply(case, cast.agent, cast)
    with pytest.raises(NotAllowed):
        services.message_id_set(
            interaction_id=answer.pk, message_id="<x>", actor=cast.actor(cast.agent), at=AT
        )


def test_an_attachment_of_anothers_cannot_be_sent(cast):
    from shounuo.files import services as files

    case = make_case(team=cast.team)
    theirs = files.draft_upload(data=b"secret", name="a.txt", actor=cast.actor(cast.outsider), at=AT)
    with pytest.raises(NotFound):
        reply(case, cast.agent, cast, file_ids=[theirs.pk])
    mine = files.draft_upload(data=b"mine", name="b.txt", actor=cast.actor(cast.agent), at=AT)
    answer = reply(case, cast.agent, cast, file_ids=[mine.pk])
    mine.refresh_from_db()
    assert (mine.subject_kind, mine.subject_id, mine.ref, mine.internal) == (
        "case",
        case.pk,
        answer.pk,
        False,
    )


def test_a_customer_writes_on_his_own_case_only(cast):
    case, other = make_case(team=cast.team), make_customer()
    receive(case, actor=Actor.customer(case.customer_id))
    with pytest.raises(NotFound):
        receive(case, actor=Actor.customer(other.pk))

"""One key, one effect: whatever is repeated, at once or after a crash."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from shounuo.channels import idempotency
from shounuo.channels.idempotency import Claim, StillRunning, Stored
from shounuo.channels.models import IdempotencyKey, PortalCode
from shounuo.channels.testing import AT
from shounuo.kernel.errors import Conflict, Invalid

OTHER = idempotency.fingerprint(b"other")
SAME = idempotency.fingerprint(b"POST", b"/x", b"{}")


def run(act, at=AT, **kwargs):
    return idempotency.once(act, **({"token_id": 1, "key": "k", "fingerprint": SAME, "at": at} | kwargs))


def effect():
    """Something that can be counted."""
    PortalCode.objects.create(customer_id=1, mail="a@b.cn", hash="x", created_at=AT, expires_at=AT)
    return Stored(201, '{"n": 1}')


@pytest.mark.django_db
def test_the_same_call_again_has_the_stored_answer_and_no_second_effect():
    assert run(effect) == (Stored(201, '{"n": 1}'), False)
    assert run(effect, at=AT + timedelta(hours=23)) == (Stored(201, '{"n": 1}'), True)
    assert PortalCode.objects.count() == 1


@pytest.mark.django_db
def test_another_body_under_the_key_is_a_conflict():
    run(effect)
    with pytest.raises(Conflict) as caught:
        run(effect, fingerprint=OTHER)
    assert caught.value.code == "key_reused"


@pytest.mark.django_db
def test_a_key_belongs_to_its_token():
    run(effect)
    assert run(effect, token_id=2, fingerprint=OTHER)[1] is False
    assert PortalCode.objects.count() == 2


@pytest.mark.django_db
def test_a_key_lives_a_day():
    run(effect)
    assert run(effect, at=AT + timedelta(hours=24), fingerprint=OTHER)[1] is False


@pytest.mark.django_db
def test_while_the_first_call_runs_others_wait():
    idempotency.key_claim(token_id=1, key="k", fingerprint=SAME, at=AT)
    with pytest.raises(StillRunning) as caught:
        run(effect, at=AT + timedelta(seconds=59))
    assert caught.value.retry_after > 0 and caught.value.status == 409


@pytest.mark.django_db
def test_a_call_that_died_does_not_lock_its_key_for_ever():
    idempotency.key_claim(token_id=1, key="k", fingerprint=SAME, at=AT)
    with pytest.raises(Conflict):
        run(effect, at=AT + timedelta(seconds=61), fingerprint=OTHER)
    assert run(effect, at=AT + timedelta(seconds=61))[1] is False


@pytest.mark.django_db
def test_a_call_that_was_overtaken_cannot_commit():
    claim = idempotency.key_claim(token_id=1, key="k", fingerprint=SAME, at=AT)
    assert isinstance(claim, Claim)
    run(effect, at=AT + timedelta(seconds=61))
    with pytest.raises(StillRunning), transaction.atomic():
        effect()
        idempotency.key_finish(claim, Stored(201, "late"))
    assert PortalCode.objects.count() == 1
    assert run(effect, at=AT + timedelta(seconds=62)) == (Stored(201, '{"n": 1}'), True)


@pytest.mark.django_db
def test_a_refusal_is_kept_and_undoes_the_act():
    def act():
        effect()
        raise Invalid("没有标题", code="empty")

    kept = {"refusal": lambda problem: Stored(problem.status, problem.code)}
    assert run(act, **kept) == (Stored(422, "empty"), False)
    assert run(effect, **kept) == (Stored(422, "empty"), True)
    assert not PortalCode.objects.exists()


@pytest.mark.django_db
def test_a_fault_gives_the_key_back():
    def act():
        effect()
        raise KeyError("a fault")

    with pytest.raises(KeyError):
        run(act)
    assert run(effect)[1] is False and PortalCode.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 201, "a\nb", "a\0b"])
def test_a_key_that_is_none_is_refused(key):
    with pytest.raises(Invalid):
        run(effect, key=key)


@pytest.mark.django_db
def test_old_keys_are_pruned_and_answers_are_not_readable_in_the_table():
    run(effect)
    assert "n" not in IdempotencyKey.objects.get().body[:3] and '"n"' not in IdempotencyKey.objects.get().body
    assert idempotency.prune(AT + timedelta(hours=23)) == 0
    assert idempotency.prune(AT + timedelta(hours=25)) == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_calls_at_once_one_acts():
    began, outcomes = threading.Barrier(6), []

    def call():
        began.wait()
        try:
            outcomes.append(run(effect)[1])
        except StillRunning:
            outcomes.append("wait")
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(False) == 1 and PortalCode.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_claim_is_committed_before_the_act():
    """What a crash leaves behind: a key that says running, and nothing of the act."""
    seen = []

    def act():
        def look():
            seen.append(list(IdempotencyKey.objects.values_list("status", flat=True)))
            connection.close()

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        return effect()

    run(act)
    assert seen == [[None]]

"""Signing in: one answer for every refusal, failures are counted, codes and links work once."""

from datetime import timedelta

import pyotp
import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory

from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from shounuo.kernel.secrets import decrypt, token_hash
from shounuo.staff import queries, services, signin, throttle, tokens
from shounuo.staff.models import Bucket, OneTimeLink, Person, Token
from shounuo.staff.testing import AT, PASSWORD, make_cast, make_person

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


@pytest.fixture
def agent():
    return make_person(
        "agent", name="林小满", mail="agent@example.cn", phone="13812346721", password=PASSWORD
    )


@pytest.fixture
def request_():
    request = RequestFactory().post("/signin/")
    request.session = SessionStore()
    request.address = "203.0.113.9"
    return request


def enter(request, identifier="agent", password=PASSWORD, code="", at=AT):
    return signin.sign_in(request, identifier, password, code, at=at)


def with_totp(person, at=AT):
    services.totp_begin(person_id=person.id, actor=Actor.person(person.id), at=at)
    secret = decrypt(Person.objects.get(pk=person.pk).totp_secret)
    codes = services.totp_confirm(
        person_id=person.id,
        code=pyotp.TOTP(secret).at(at - timedelta(seconds=30)),
        actor=Actor.person(person.id),
        at=at,
    )
    return pyotp.TOTP(secret), codes


@pytest.mark.parametrize(
    "identifier",
    [
        "agent",
        " AGENT ",
        "Agent@Example.CN",
        "138 1234 6721",
        "+8613812346721",
        "１３８１２３４６７２１",
    ],
)
def test_login_mail_and_phone_all_sign_in(agent, request_, identifier):
    assert enter(request_, identifier) == agent
    assert Event.objects.latest("id").kind == "person.signed_in"


def test_every_refusal_reads_the_same(agent, request_):
    stopped = make_person("stopped", password=PASSWORD)
    Person.objects.filter(pk=stopped.pk).update(is_active=False)
    make_person("invited")
    answers = set()
    for identifier, password in [
        ("agent", "wrong"),
        ("agent", ""),
        ("agent", agent.password),
        ("agent", PASSWORD + " "),
        ("agent", PASSWORD.upper()),
        ("stopped", PASSWORD),
        ("nobody-there", PASSWORD),
        ("invited", ""),
        ("", ""),
        ("agent'--", PASSWORD),
    ]:
        with pytest.raises(signin.WrongCredentials) as caught:
            enter(request_, identifier, password)
        answers.add((str(caught.value), caught.value.code, caught.value.status))
    assert len(answers) == 1
    assert "_auth_user_id" not in request_.session


def test_an_unknown_login_costs_as_much_as_a_wrong_password(agent, request_, settings, monkeypatch):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    person = Person.objects.get(pk=agent.pk)
    person.set_password(PASSWORD)
    person.save()
    rounds, real = [], PBKDF2PasswordHasher.encode

    def encode(self, password, salt, iterations=None):
        rounds.append(iterations or self.iterations)
        return real(self, password, salt, iterations)

    monkeypatch.setattr(PBKDF2PasswordHasher, "encode", encode)

    def cost(identifier):
        rounds.clear()
        with pytest.raises(signin.WrongCredentials):
            enter(request_, identifier, "wrong")
        return sum(rounds)

    assert cost("nobody-there") == cost("agent") > 0


def test_failures_are_counted_per_account_and_address_and_lead_to_a_wait(agent, request_):
    for _n in range(signin.PER_PAIR):
        with pytest.raises(signin.WrongCredentials):
            enter(request_, password="wrong")
    with pytest.raises(TooMany) as caught:
        enter(request_)
    assert 0 < caught.value.retry_after <= 15 * 60
    request_.address = "203.0.113.77"
    assert enter(request_) == agent
    later = AT + timedelta(seconds=caught.value.retry_after)
    request_.address = "203.0.113.9"
    assert enter(request_, at=later) == agent


def test_an_unknown_account_is_throttled_just_the_same(request_):
    for _n in range(signin.PER_PAIR):
        with pytest.raises(signin.WrongCredentials):
            enter(request_, "nobody-there")
    with pytest.raises(TooMany):
        enter(request_, "nobody-there")


def test_an_account_is_throttled_over_many_addresses_and_an_address_over_many_accounts(agent, request_):
    for n in range(signin.PER_ACCOUNT):
        request_.address = f"198.51.100.{n}"
        with pytest.raises(signin.WrongCredentials):
            enter(request_, password="wrong")
    request_.address = "192.0.2.1"
    with pytest.raises(TooMany):
        enter(request_)
    for n in range(signin.PER_ADDRESS - 1):
        with pytest.raises(signin.WrongCredentials):
            enter(request_, f"someone{n}")
    with pytest.raises(TooMany):
        enter(request_, "someone-else")


def test_success_does_not_count_and_no_typed_name_is_stored(agent, request_):
    for _n in range(signin.PER_PAIR + 5):
        enter(request_)
    assert not Bucket.objects.filter(count__gt=0).exists()
    assert not Bucket.objects.filter(key__contains="agent").exists()


def test_a_new_session_gets_a_new_key(agent, request_):
    request_.session["before"] = "planted"
    request_.session.save()
    planted = request_.session.session_key
    enter(request_)
    assert request_.session.session_key != planted


def test_the_second_factor_is_asked_for_and_a_code_works_once(agent, request_):
    totp, _codes = with_totp(agent)
    with pytest.raises(signin.CodeNeeded):
        enter(request_)
    assert "_auth_user_id" not in request_.session
    code = totp.at(AT)
    assert signin.second_factor(request_, code, at=AT) == agent
    again = RequestFactory().post("/signin/")
    again.session = SessionStore()
    again.address = "203.0.113.9"
    with pytest.raises(signin.WrongCode):
        enter(again, code=code)
    with pytest.raises(signin.WrongCode):
        enter(again, code=totp.at(AT - timedelta(seconds=30)))
    assert enter(again, code=totp.at(AT + timedelta(seconds=60)), at=AT + timedelta(seconds=60)) == agent


@pytest.mark.parametrize("code", ["", "000000", "12345", "1234567", "１２３４５６", "abcdef", "۱۲۳۴۵۶"])
def test_a_wrong_code_does_not_pass(agent, request_, code):
    totp, _codes = with_totp(agent)
    if totp.at(AT) == code:
        pytest.skip("one in a million")
    with pytest.raises(NotAllowed):
        enter(request_, code=code)
    assert "_auth_user_id" not in request_.session


def test_codes_cannot_be_guessed(agent, request_):
    with_totp(agent)
    with pytest.raises(signin.CodeNeeded):
        enter(request_)
    for n in range(signin.CODES_PER_PERSON):
        with pytest.raises(signin.WrongCode):
            signin.second_factor(request_, f"x{n}", at=AT)
    with pytest.raises(TooMany):
        signin.second_factor(request_, "x", at=AT)


def test_the_pending_second_factor_ends_after_ten_minutes_or_a_new_password(agent, request_):
    totp, _codes = with_totp(agent)
    with pytest.raises(signin.CodeNeeded):
        enter(request_)
    late = AT + timedelta(minutes=11)
    with pytest.raises(signin.WrongCredentials):
        signin.second_factor(request_, totp.at(late), at=late)
    services.password_change(person_id=agent.id, password="ling-yi-ge-mima", actor=SYSTEM, at=AT)
    with pytest.raises(signin.WrongCredentials):
        signin.second_factor(request_, totp.at(AT), at=AT)


def test_a_recovery_code_works_once(agent, request_):
    _totp, codes = with_totp(agent)
    assert len(set(codes)) == 10
    assert enter(request_, code=codes[3].upper().replace("-", " ")) == agent
    with pytest.raises(signin.WrongCode):
        enter(request_, code=codes[3])
    assert codes[0] not in str(Person.objects.values())


def test_the_second_factor_is_ones_own_business(agent):
    cast = make_cast_beside(agent)
    with_totp(agent)
    for stranger in (cast.supervisor, cast.manager, cast.outsider):
        with pytest.raises(NotAllowed):
            services.totp_disable(person_id=agent.id, password=PASSWORD, actor=cast.actor(stranger), at=AT)
    with pytest.raises(Invalid):
        services.totp_disable(person_id=agent.id, password="wrong", actor=Actor.person(agent.id), at=AT)
    with pytest.raises(Conflict):
        services.totp_begin(person_id=agent.id, actor=Actor.person(agent.id), at=AT)
    services.totp_disable(person_id=agent.id, actor=cast.actor(cast.admin), at=AT)
    assert Person.objects.get(pk=agent.pk).totp_secret == ""


def make_cast_beside(agent):
    Person.objects.filter(pk=agent.pk).update(login="first-agent", mail="")
    return make_cast()


def token_of(path):
    assert path.startswith("/link/") and path.endswith("/")
    return path.split("/")[2]


def test_a_link_works_once_and_is_not_used_up_by_looking(agent):
    token = token_of(services.link_create(person_id=agent.id, purpose="reset", actor=SYSTEM, at=AT))
    for _n in range(3):
        assert services.link_person(token=token, at=AT) == agent
    with pytest.raises(Invalid):
        services.link_use(token=token, password="12345", at=AT)
    services.link_use(token=token, password="quan-xin-mima-7", at=AT)
    for act in (
        lambda: services.link_person(token=token, at=AT),
        lambda: services.link_use(token=token, password="quan-xin-mima-8", at=AT),
    ):
        with pytest.raises(NotFound):
            act()
    assert Person.objects.get(pk=agent.pk).check_password("quan-xin-mima-7")


@pytest.mark.parametrize(("purpose", "hours"), [("reset", 1), ("invite", 7 * 24), ("setup", 30 * 24)])
def test_every_link_expires(agent, purpose, hours):
    token = token_of(services.link_create(person_id=agent.id, purpose=purpose, actor=SYSTEM, at=AT))
    assert services.link_person(token=token, at=AT + timedelta(hours=hours, seconds=-1)) == agent
    with pytest.raises(NotFound):
        services.link_use(token=token, password="quan-xin-mima-7", at=AT + timedelta(hours=hours))


def test_a_link_must_match_to_the_letter_and_its_hash_is_no_key(agent):
    token = token_of(services.link_create(person_id=agent.id, purpose="invite", actor=SYSTEM, at=AT))
    for wrong in (token + " ", " " + token, token.swapcase(), token_hash(token), token[:-1], ""):
        with pytest.raises(NotFound):
            services.link_person(token=wrong, at=AT)
    assert not OneTimeLink.objects.filter(hash__contains=token[:10]).exists()


def test_a_new_link_ends_the_older_one(agent):
    first = token_of(services.link_create(person_id=agent.id, purpose="reset", actor=SYSTEM, at=AT))
    services.link_create(person_id=agent.id, purpose="reset", actor=SYSTEM, at=AT)
    with pytest.raises(NotFound):
        services.link_person(token=first, at=AT)


def test_a_new_password_ends_the_sessions(agent):
    before = agent.get_session_auth_hash()
    services.password_change(
        person_id=agent.id,
        password="quan-xin-mima-7",
        old=PASSWORD,
        actor=Actor.person(agent.id),
        at=AT,
    )
    assert Person.objects.get(pk=agent.pk).get_session_auth_hash() != before


def test_a_password_is_changed_by_its_owner_who_knows_the_old_one(agent):
    cast = make_cast_beside(agent)
    for actor, old in [
        (Actor.person(agent.id), None),
        (Actor.person(agent.id), "wrong"),
        (cast.actor(cast.outsider), PASSWORD),
        (cast.actor(cast.admin), PASSWORD),
    ]:
        with pytest.raises((Invalid, NotAllowed)):
            services.password_change(
                person_id=agent.id, password="quan-xin-mima-7", old=old, actor=actor, at=AT
            )
    assert Person.objects.get(pk=agent.pk).check_password(PASSWORD)


def test_asking_for_a_reset_answers_the_same_for_everyone_and_is_throttled(agent):
    for who in ("agent", "nobody-there"):
        for _n in range(signin.RESETS_PER_ACCOUNT):
            signin.reset_ask(identifier=who, address="203.0.113.9", at=AT)
        with pytest.raises(TooMany):
            signin.reset_ask(identifier=who, address="203.0.113.9", at=AT)
    assert services.password_reset_ask(identifier="agent@example.cn", at=AT)
    assert not services.password_reset_ask(identifier="nobody-there", at=AT)
    assert Event.objects.filter(kind="password.reset_asked").count() == 1
    assert not OneTimeLink.objects.exists()


def test_a_token_acts_as_its_person_within_its_scopes(agent, django_assert_num_queries):
    own = queries.actor_for(agent)
    token, clear = services.token_create(
        person_id=agent.id, name="报表", scopes=["customers.view"], actor=own, at=AT
    )
    with django_assert_num_queries(2):
        actor, read = tokens.actor_of(clear, AT)
    assert (actor.id, actor.permissions, read.id) == (agent.id, {"customers.view"}, token.id)
    with django_assert_num_queries(1):
        tokens.actor_of(clear, AT)
    assert clear not in str(Token.objects.values())


def test_a_token_never_reaches_further_than_its_person(agent):
    own = queries.actor_for(agent)
    with pytest.raises(NotAllowed):
        services.token_create(person_id=agent.id, name="越权", scopes=["staff.manage"], actor=own, at=AT)
    _token, clear = services.token_create(person_id=agent.id, name="全部", actor=own, at=AT)
    services.person_change(person_id=agent.id, roles=["viewer"], actor=SYSTEM, at=AT)
    assert not tokens.actor_of(clear, AT)[0].may("cases.work")


def test_a_scoped_token_makes_no_wider_token(agent):
    own = queries.actor_for(agent)
    _token, clear = services.token_create(
        person_id=agent.id, name="只读", scopes=["customers.view"], actor=own, at=AT
    )
    narrow = tokens.actor_of(clear, AT)[0]
    for scopes in ([], ["cases.work"]):
        with pytest.raises(NotAllowed):
            services.token_create(person_id=agent.id, name="变宽", scopes=scopes, actor=narrow, at=AT)


def test_tokens_that_are_over_say_no_more_than_unknown_ones(agent):
    own = queries.actor_for(agent)
    expiring, first = services.token_create(
        person_id=agent.id, name="短", expires_at=AT + timedelta(days=1), actor=own, at=AT
    )
    revoked, second = services.token_create(person_id=agent.id, name="废", actor=own, at=AT)
    services.token_revoke(token_id=revoked.id, actor=own, at=AT)
    tomorrow, answers = AT + timedelta(days=1), set()
    for bearer in (first, second, "sn_unknown", "", expiring.hash, second + " ", second.lower()):
        with pytest.raises(tokens.Unauthenticated) as caught:
            tokens.actor_of(bearer, tomorrow)
        answers.add((str(caught.value), caught.value.status))
    assert len(answers) == 1


def test_tokens_of_others_are_out_of_reach(agent):
    cast = make_cast_beside(agent)
    token, _clear = services.token_create(
        person_id=agent.id, name="我的", actor=queries.actor_for(agent), at=AT
    )
    for stranger in (cast.supervisor, cast.manager, cast.outsider, cast.nobody):
        with pytest.raises(NotFound):
            services.token_revoke(token_id=token.id, actor=cast.actor(stranger), at=AT)
        with pytest.raises(NotAllowed):
            services.token_create(person_id=agent.id, name="冒用", actor=cast.actor(stranger), at=AT)
    services.token_revoke(token_id=token.id, actor=cast.actor(cast.admin), at=AT)


def test_counters_are_shared_windows_and_pruned():
    key = throttle.key_of("x", "y")
    for n in (1, 2, 3):
        assert throttle.hit(key, 3, timedelta(minutes=1), AT) == n
    with pytest.raises(TooMany) as caught:
        throttle.hit(key, 3, timedelta(minutes=1), AT + timedelta(seconds=50))
    assert caught.value.retry_after == 10
    assert throttle.hit(key, 3, timedelta(minutes=1), AT + timedelta(seconds=60)) == 1
    assert throttle.prune(AT + timedelta(days=3)) == 2


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("12345", "密码太短，至少要 10 位。"),
        ("password123", "这个密码太常见，别人一试就中。"),
        ("13800138000", "密码和您的登录名、姓名、邮箱或手机太像。"),
    ],
)
def test_a_weak_password_is_refused_in_words_of_ours(password, why):
    person = make_person(phone="13800138000")
    with pytest.raises(Invalid, match=why):
        services.password_change(person_id=person.pk, password=password, actor=SYSTEM, at=AT)

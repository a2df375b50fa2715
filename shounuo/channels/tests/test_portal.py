"""The customer's side: what a link opens, what a code opens, and what neither does."""

from datetime import timedelta

import pytest

from shounuo.cases import queries
from shounuo.cases import services as cases
from shounuo.cases.models import Case, Interaction
from shounuo.cases.testing import make_field
from shounuo.channels import services
from shounuo.channels.models import PortalCode
from shounuo.channels.services.portal import Upload
from shounuo.channels.testing import AT, make_mailbox
from shounuo.customers.models import ContactPoint, Customer
from shounuo.customers.services import customer_find_or_create, customers_merge
from shounuo.events.testing import run_jobs
from shounuo.files.models import File
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from shounuo.notices.testing import clear_outbox, outbox, parsed
from shounuo.staff.testing import make_cast, set_up_organisation

pytestmark = pytest.mark.django_db
FORM = {
    "name": "宋建国", "mail": "song@example.cn", "phone": "13812345678", "subject": "饲料结块", "text": "开袋有结块",
    "nonce": "n1", "address": "203.0.113.7",
}  # fmt: skip


@pytest.fixture(autouse=True)
def house():
    set_up_organisation()
    clear_outbox()
    make_mailbox()


def submit(at=AT, **changes):
    return services.form_submit(**(FORM | changes), at=at)


def token(path):
    return path.strip("/").removeprefix("t/")


# ---- the form
# ------------------------------------------------------------------------------------------------


def test_a_form_opens_a_case_with_its_files_and_answers_with_a_link():
    done = submit(files=[Upload("照片.png", b"\x89PNG\r\n\x1a\n"), Upload("../../etc/passwd", b"x")])
    case = Case.objects.get()
    assert (done.number, case.channel, case.customer.name) == (case.number, "form", "宋建国")
    names = list(File.objects.order_by("pk").values_list("name", flat=True))
    assert names[0] == "照片.png" and "/" not in names[1]
    found, actor = services.link_open(token(done.path), AT)
    assert found == case and actor == Actor.customer(case.customer_id)


def test_a_form_sent_twice_is_one_case_with_one_answer():
    assert submit() == submit(at=AT + timedelta(seconds=5))
    assert Case.objects.count() == 1
    with pytest.raises(Conflict):
        submit(text="另一个问题")
    submit(text="另一个问题", nonce="n2")
    assert Case.objects.count() == 2


def test_a_new_case_by_form_is_confirmed_by_mail():
    submit()
    run_jobs(AT)
    [sent] = outbox
    assert (
        sent.recipients == ("song@example.cn",) and str(Case.objects.get().number) in parsed(sent)["Subject"]
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": " "}, "text"), ({"mail": "x"}, "mail"), ({"phone": "12"}, "phone"), ({"kind": "x"}, "kind"),
        ({"mail": "", "phone": ""}, "mail"), ({"files": [Upload("a", b"")] * 11}, "files"),
    ],
)  # fmt: skip
def test_a_form_that_lacks_something_says_what(change, field):
    with pytest.raises(Invalid) as caught:
        submit(**change)
    assert caught.value.field == field and not Case.objects.exists()


def test_public_own_fields_come_with_the_form_and_no_others():
    make_field("device", label="设备型号", kinds=["aftersales"], public=True)
    make_field("heads", label="存栏", type="number", public=True)
    make_field("fault", label="责任方")
    given = {"device": "EC-300", "heads": "１,260"}
    done = submit(kind="aftersales", custom=given)
    case = Case.objects.get()
    assert case.custom == {"device": "EC-300", "heads": 1260}
    assert submit(kind="aftersales", custom=given) == done and Case.objects.count() == 1
    for custom, field in (
        ({"heads": "很多"}, "custom.heads"),
        ({"fault": "物流"}, "custom"),
        ({"device": "EC-300"}, "custom"),  # not a field of an inquiry
    ):
        with pytest.raises(Invalid) as caught:
            submit(nonce="n2", custom=custom)
        assert caught.value.field == field
    assert Case.objects.count() == 1


def test_a_flood_of_forms_from_one_address_is_stopped():
    with pytest.raises(TooMany):
        for n in range(30):
            submit(nonce=f"n{n}")
    assert Case.objects.count() == 20


def test_knowing_a_phone_number_opens_nobodys_cases():
    victim, _new = customer_find_or_create(name="李", phone="13812345678", actor=Actor.system(), at=AT)
    submit(mail="evil@example.com", name="坏人")
    case = Case.objects.get()
    assert case.customer_id != victim.pk and "13812345678" in Interaction.objects.get().text
    assert not ContactPoint.objects.filter(customer=victim, kind="mail").exists()


def test_the_same_customer_by_mail_or_by_phone_alone_is_recognised():
    submit()
    submit(nonce="n2", name="", phone="")
    submit(nonce="n3", name="", mail="")
    assert Customer.objects.count() == 1


# ---- links
# ---------------------------------------------------------------------------------------------------


def link():
    submit()
    return Case.objects.get(), token(services.link_path(Case.objects.get(), AT))


def test_a_link_ends_by_itself():
    _case, path = link()
    services.link_open(path, AT + timedelta(days=179))
    with pytest.raises(NotFound):
        services.link_open(path, AT + timedelta(days=181))


def test_a_link_ends_with_the_key_that_signed_it(settings):
    _case, path = link()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a-new-key-for-this-test-0123456789"
    services.link_open(path, AT)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(NotFound):
        services.link_open(path, AT)


def test_a_link_to_another_case_cannot_be_made_of_it():
    case, path = link()
    submit(nonce="n2", mail="other@example.cn", phone="")
    other = Case.objects.exclude(pk=case.pk).get()
    _id, customer, until, signed = path.split(".")
    for forged in (
        f"{other.pk}.{customer}.{until}.{signed}", f"{case.pk}.{other.customer_id}.{until}.{signed}",
        f"{case.pk}.{customer}.{int(until) + 1}.{signed}", f"{case.pk}.{customer}.{until}.", "", "a.b.c.d",
        path + "x", "1" * 200, "٣.1.1.x",
    ):  # fmt: skip
        with pytest.raises(NotFound):
            services.link_open(forged, AT)


def test_a_link_follows_a_merge_and_not_a_change_of_customer():
    cast = make_cast()
    case, path = link()
    submit(nonce="n2")
    newer = Case.objects.exclude(pk=case.pk).get()
    cases.cases_merge(source_id=case.pk, target_id=newer.pk, actor=cast.actor(cast.admin), at=AT)
    assert services.link_open(path, AT)[0] == newer
    stranger, _new = customer_find_or_create(name="王", mail="wang@example.cn", actor=Actor.system(), at=AT)
    cases.case_customer_set(case_id=newer.pk, customer_id=stranger.pk, actor=Actor.system(), at=AT)
    with pytest.raises(NotFound):
        services.link_open(path, AT)


def test_a_link_follows_a_merge_of_customers():
    cast = make_cast()
    case, path = link()
    other, _new = customer_find_or_create(name="宋", mail="song2@example.cn", actor=Actor.system(), at=AT)
    customers_merge(source_id=case.customer_id, target_id=other.pk, actor=cast.actor(cast.admin), at=AT)
    run_jobs(AT)
    assert services.link_open(path, AT)[1] == Actor.customer(other.pk)


# ---- codes
# ---------------------------------------------------------------------------------------------------


def asked(mail="song@example.cn", at=AT, address="203.0.113.7"):
    clear_outbox()
    services.code_request(mail=mail, address=address, at=at)
    run_jobs(at)
    subjects = [parsed(sent)["Subject"] for sent in outbox]
    codes = [s for s in subjects if "验证码" in s]
    return "".join(c for c in codes[-1] if c.isdigit()) if codes else ""


def check(code, at=AT, mail="song@example.cn"):
    return services.code_check(mail=mail, code=code, address="203.0.113.7", at=at)


def test_a_mailed_code_signs_in_once_and_verifies_the_address():
    submit()
    code = asked()
    assert len(code) == 6 and code not in PortalCode.objects.get().hash
    actor = check(f" {code[:3]} {code[3:]} ")
    assert actor == Actor.customer(Customer.objects.get().pk)
    assert ContactPoint.objects.get(kind="mail").verified_at == AT
    with pytest.raises(NotAllowed):
        check(code)


def test_a_code_typed_in_full_width_is_the_same_code():
    submit()
    assert check(asked().translate({0x30 + n: 0xFF10 + n for n in range(10)})).kind == "customer"


def test_who_is_no_customer_hears_the_same_and_gets_nothing():
    assert asked("nobody@example.cn") == ""
    with pytest.raises(NotAllowed) as unknown:
        check("123456", mail="nobody@example.cn")
    submit()
    asked()
    with pytest.raises(NotAllowed) as wrong:
        check("000000x1")
    assert str(unknown.value) == str(wrong.value)


def test_a_code_lives_ten_minutes():
    submit()
    code = asked()
    with pytest.raises(NotAllowed):
        check(code, at=AT + timedelta(minutes=10))


def test_five_wrong_tries_end_a_code():
    submit()
    code = asked()
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _n in range(5):
        with pytest.raises(NotAllowed):
            check(wrong)
    with pytest.raises(NotAllowed):
        check(code)


def test_only_the_newest_code_opens():
    submit()
    old, new = asked(), asked()
    if old != new:
        with pytest.raises(NotAllowed):
            check(old)
    check(new)


def test_codes_are_not_mailed_without_end():
    submit()
    with pytest.raises(TooMany):
        for _n in range(9):
            asked()
    assert PortalCode.objects.count() == 5
    with pytest.raises(TooMany):
        for n in range(40):
            asked(f"{n}@example.cn", address="203.0.113.8")


def test_a_code_is_for_its_own_address():
    submit()
    submit(nonce="n2", mail="wang@example.cn", phone="", name="王")
    code = asked()
    with pytest.raises(NotAllowed):
        check(code, mail="wang@example.cn")


def test_old_codes_are_pruned():
    submit()
    asked()
    assert services.codes_prune(AT + timedelta(hours=1)) == 0
    assert services.codes_prune(AT + timedelta(days=2)) == 1


# ---- what a customer may do
# ------------------------------------------------------------------------------------


def test_the_customer_writes_chooses_confirms_and_disputes():
    cast = make_cast()
    case, path = link()
    _case, me = services.link_open(path, AT)
    cases.plan_propose(
        case_id=case.pk, options=[{"title": "换货"}, {"title": "退款"}], actor=cast.actor(cast.agent), at=AT
    )
    services.customer_choose(case_id=case.pk, option=2, actor=me, at=AT)
    services.customer_reply(case_id=case.pk, text="谢谢", files=[Upload("a.txt", b"x")], actor=me, at=AT)
    cases.case_resolve(case_id=case.pk, text="已退款", actor=cast.actor(cast.agent), at=AT)
    services.customer_dispute(case_id=case.pk, reason="没收到", actor=me, at=AT)
    case.refresh_from_db()
    assert case.status == "open"
    cases.case_resolve(case_id=case.pk, text="已退款", actor=cast.actor(cast.agent), at=AT)
    services.customer_confirm(case_id=case.pk, actor=me, at=AT)
    case.refresh_from_db()
    assert case.status == "closed" and case.plans.get().chosen.title == "退款"
    assert File.objects.get().ref == Interaction.objects.get(text="谢谢").pk


def test_another_customer_and_a_person_may_do_nothing_there():
    cast = make_cast()
    case, _path = link()
    other, _new = customer_find_or_create(name="王", mail="wang@example.cn", actor=Actor.system(), at=AT)
    for actor in (Actor.customer(other.pk), cast.actor(cast.admin), Actor.system()):
        for act in (
            lambda a: services.customer_reply(case_id=case.pk, text="x", actor=a, at=AT),
            lambda a: services.customer_choose(case_id=case.pk, option=1, actor=a, at=AT),
            lambda a: services.customer_confirm(case_id=case.pk, actor=a, at=AT),
            lambda a: services.customer_dispute(case_id=case.pk, reason="x", actor=a, at=AT),
        ):
            with pytest.raises(NotFound):
                act(actor)
    assert Interaction.objects.count() == 1


def test_the_customer_never_sees_a_note():
    cast = make_cast()
    case, path = link()
    cases.note_add(case_id=case.pk, text="内部", actor=cast.actor(cast.agent), at=AT)
    _case, me = services.link_open(path, AT)
    assert [m.text for m in queries.customer_page(me, case.number).messages] == ["开袋有结块"]

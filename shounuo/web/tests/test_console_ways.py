"""Ways of messages in the settings: made, tried, read in the log; quiet hours of a role."""

from datetime import time

import pytest

from shounuo.notices import services
from shounuo.notices.models import QuietHours, Sending, Way
from shounuo.notices.testing import make_way
from shounuo.staff.models import Role
from shounuo.staff.testing import AT
from shounuo.web.tests.desks import make_house
from shounuo.web.tests.portal_world import is_clean, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def house():
    return make_house()


@pytest.fixture
def admin(house):
    return house.client(house.cast.admin)


def addresses():
    way = make_way()
    role = Role.objects.get(code="manager")
    return [
        *("/settings/ways/", "/settings/ways/new/", "/settings/ways/log/", "/settings/quiet/"),
        *(f"/settings/ways/{way.pk}/", f"/settings/ways/{way.pk}/test/", f"/settings/ways/{way.pk}/remove/"),
        f"/settings/quiet/{role.pk}/",
    ]


def test_one_without_the_right_is_turned_away(house):
    agent = house.client(house.cast.agent)
    for url in addresses():
        assert (agent.get(url).status_code, agent.post(url).status_code) == (403, 403), url


def test_a_robot_is_added_tried_and_its_key_never_shown(admin):
    assert "还没有消息通道" in text_of(admin.get("/settings/ways/"))
    given = {"kind": "dingtalk", "name": "客服群", "address": "https://93.184.216.34/send?access_token=hush",
             "secret": "SECx", "roles": ["manager"], "is_active": "on"}  # fmt: skip
    assert admin.post("/settings/ways/new/", given).status_code == 302
    way = Way.objects.get()
    assert (way.roles, way.is_active) == (["manager"], True)
    page = admin.get(f"/settings/ways/{way.pk}/")
    assert "hush" not in page.content.decode()
    assert "SECx" not in page.content.decode()
    assert is_clean(page)
    before = way.address
    admin.post(f"/settings/ways/{way.pk}/", given | {"address": "", "secret": "", "name": "改名"})
    way.refresh_from_db()
    assert (way.name, way.address) == ("改名", before)
    assert admin.post(f"/settings/ways/{way.pk}/test/").status_code == 302
    assert Sending.objects.get().state == "sent"
    assert "守诺的试发" in text_of(admin.get("/settings/ways/log/"))
    assert "没有发送记录" in text_of(admin.get("/settings/ways/log/?state=failed"))
    admin.post(f"/settings/ways/{way.pk}/remove/")
    assert not Way.objects.exists()


def test_what_is_wrong_stands_at_its_field(admin):
    base = {"kind": "sms", "name": "", "is_active": "on"}
    for given, said in (
        ({"address": "http://127.0.0.1/x", "body": "{}"}, "不允许访问内部地址"),
        ({"address": "https://a.cn/x", "body": "{"}, "须是一段 JSON"),
        ({"address": "https://a.cn/x", "body": "{}"}, "须有 {phone} 与 {text}"),
        ({"body": '{"a": "{phone}{text}"}'}, "请填机器人或网关的地址"),
    ):
        answer = admin.post("/settings/ways/new/", base | given)
        assert (answer.status_code, said in text_of(answer)) == (422, True), said


def test_quiet_hours_are_set_and_taken_away(admin):
    role = Role.objects.get(code="manager")
    assert "随时" in text_of(admin.get("/settings/quiet/"))
    admin.post(f"/settings/quiet/{role.pk}/", {"starts": "22:00", "ends": "08:00"})
    assert QuietHours.objects.get().starts == time(22)
    assert "22:00 – 08:00" in text_of(admin.get("/settings/quiet/"))
    assert admin.post(f"/settings/quiet/{role.pk}/", {"starts": "22:00", "ends": ""}).status_code == 422
    admin.post(f"/settings/quiet/{role.pk}/", {"starts": "", "ends": ""})
    assert not QuietHours.objects.exists()


def test_the_log_costs_the_same_however_long(admin, django_assert_max_num_queries):
    make_way()
    for n in range(30):
        services.ways_tell(key=f"k{n}", via=[], roles=["manager"], text="x", urgent=True, at=AT)
    admin.get("/settings/ways/log/")
    with django_assert_max_num_queries(9):
        admin.get("/settings/ways/log/")

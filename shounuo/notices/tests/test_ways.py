"""Ways beside bell and mail: asked over HTTP of a stub that answers as the real ones do, quiet hours, tries, a log."""

import base64
import hashlib
import hmac
import http.server
import json
import threading
from datetime import datetime, time, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shounuo.events.models import Event
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.notices import queries, rules, services
from shounuo.notices.models import Sending, Way
from shounuo.notices.testing import make_relay, make_way
from shounuo.staff.models import Person
from shounuo.staff.queries import actor_for
from shounuo.staff.testing import AT, make_cast

ZONE = ZoneInfo("Asia/Shanghai")
SYSTEM = Actor.system()
WELL = {
    "dingtalk": {"errcode": 0, "errmsg": "ok"},
    "wecom": {"errcode": 0, "errmsg": "ok"},
    "feishu": {"code": 0, "msg": "success", "data": {}},
    "sms": {"code": "OK"},
}
# each of them answers 200 to what it refuses
ILL = {
    "dingtalk": {"errcode": 310000, "errmsg": "sign not match"},
    "wecom": {"errcode": 93000, "errmsg": "invalid webhook url"},
    "feishu": {"code": 19021, "msg": "sign match fail"},
    "sms": {"code": "SIGN_ERROR"},
}


class Stub(http.server.BaseHTTPRequestHandler):
    """Keeps what it gets and answers as told."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        status, answer = self.server.says
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    def log_message(self, *args):
        """Nothing on the test's output."""


@pytest.fixture
def stub(settings, db):
    settings.SHOUNUO_DELIVERY = "on"
    settings.SHOUNUO_EGRESS_ALLOW = ["127.0.0.0/8"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stub)
    server.got, server.says = [], (200, {})
    server.url = f"http://127.0.0.1:{server.server_port}/robot/send?access_token=key"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def tell(at=AT, key="k", via=("dingtalk", "wecom", "feishu", "sms"), roles=("manager",), urgent=False):
    return services.ways_tell(key=key, via=via, roles=roles, text="红色预警：重大投诉", urgent=urgent, at=at)


def deliver(at=AT):
    return [services.sending_deliver(sending_id=id, at=at).state for id in services.sendings_due(at)]


@pytest.mark.parametrize("kind", Way.Kind.values)
def test_each_kind_is_handed_over_and_counts_as_sent_when_it_says_so(stub, kind):
    cast = make_cast()
    Person.objects.filter(pk=cast.manager.pk).update(phone="13800138000")
    way = make_way(kind, address=stub.url, secret="SEC1", success='"code": "OK"')
    assert "access_token" not in way.address
    assert "SEC1" not in way.secret
    stub.says = (200, ILL[kind])
    tell()
    tell()
    assert deliver() == ["queued"], "a refusal in the body is a refusal; the same key goes once"
    row = Sending.objects.get()
    assert (row.next_at, way.last_ok_at) == (AT + timedelta(minutes=1), None)
    assert str(next(iter(ILL[kind].values()))) in row.answer
    assert deliver() == []
    stub.says = (200, WELL[kind])
    assert deliver(AT + timedelta(minutes=1)) == ["sent"]
    way.refresh_from_db()
    assert way.last_ok_at == AT + timedelta(minutes=1)

    path, headers, body = stub.got[-1]
    stamp = int((AT + timedelta(minutes=1)).timestamp())
    match kind:
        case "dingtalk":
            query = parse_qs(urlsplit(path).query)
            said = f"{stamp * 1000}\nSEC1".encode()
            sign = base64.b64encode(hmac.new(b"SEC1", said, hashlib.sha256).digest()).decode()
            assert query == {"access_token": ["key"], "timestamp": [str(stamp * 1000)], "sign": [sign]}
            assert body == {"msgtype": "text", "text": {"content": "红色预警：重大投诉"}}
        case "wecom":
            assert body == {"msgtype": "text", "text": {"content": "红色预警：重大投诉"}}
        case "feishu":
            sign = base64.b64encode(hmac.new(f"{stamp}\nSEC1".encode(), b"", hashlib.sha256).digest())
            assert (body["timestamp"], body["sign"]) == (str(stamp), sign.decode())
            assert body["content"] == {"text": "红色预警：重大投诉"}
        case "sms":
            assert headers["Authorization"] == "Bearer SEC1"
            assert body == {"mobile": "13800138000", "content": "红色预警：重大投诉"}


def test_what_is_filled_in_cannot_leave_its_place(stub):
    cast = make_cast()
    Person.objects.filter(pk=cast.manager.pk).update(phone="13800138000")
    make_way("sms", address=stub.url)
    services.ways_tell(key="k", via=["sms"], roles=["manager"], text='a", "mobile": "110', urgent=True, at=AT)
    deliver()
    assert stub.got[0][2] == {"mobile": "13800138000", "content": 'a", "mobile": "110'}


def test_a_fault_is_tried_again_for_half_a_day_then_given_up(stub):
    make_cast()
    way = make_way(address=stub.url)
    stub.says = (502, {})
    tell(urgent=True)
    at, states = AT, []
    while not states or states[-1] == "queued":
        states += deliver(at)
        at = Sending.objects.get().next_at or at
    assert (states[-1], len(states)) == ("failed", rules.MOST_TRIES)
    assert timedelta(hours=8) < at - AT < timedelta(hours=13)
    way.refresh_from_db()
    assert way.last_error.startswith("502")


def test_a_way_inside_the_house_is_refused(stub, settings):
    settings.SHOUNUO_EGRESS_ALLOW = []
    with pytest.raises(Invalid):
        make_way(address=stub.url)
    with pytest.raises(Invalid):
        make_way(address="file:///etc/passwd")


def test_who_is_told_over_what(db):
    cast = make_cast()
    Person.objects.filter(pk=cast.manager.pk).update(phone="13800138000")
    mine, all_, sms = make_way(roles=["agent"]), make_way("feishu"), make_way("sms")
    off = make_way("wecom", is_active=False)
    tell(roles=["manager"])
    assert {s.way for s in Sending.objects.all()} == {all_, sms}
    tell(key="k2", via=(), roles=["agent"])
    assert {s.way for s in Sending.objects.filter(key__startswith="k2")} == {mine, all_}, "robots only"
    assert not Sending.objects.filter(way=off).exists()


def test_quiet_hours_put_off_what_is_not_red(db):
    cast = make_cast()
    make_way()
    boss = actor_for(cast.admin)
    services.quiet_set(role="manager", starts=time(22), ends=time(8), actor=boss, at=AT)
    night = datetime(2026, 10, 10, 23, 30, tzinfo=ZONE)
    morning = datetime(2026, 10, 11, 8, 0, tzinfo=ZONE)
    tell(night, key="blue")
    tell(night, key="red", urgent=True)
    tell(night, key="both", roles=("manager", "director"))
    due = {s.key.partition(":")[0]: s.next_at for s in Sending.objects.all()}
    assert due == {"blue": morning, "red": night, "both": night}, "one of them may be told"
    assert services.heard(["manager"], night, urgent=False) == morning
    services.quiet_clear(role="manager", actor=boss, at=AT)
    assert services.heard(["manager"], night, urgent=False) == night
    assert Event.objects.filter(kind="quiet.changed").count() == 2
    with pytest.raises(Invalid):
        services.quiet_set(role="manager", starts=time(8), ends=time(8), actor=boss, at=AT)
    with pytest.raises(NotAllowed):
        services.quiet_set(role="manager", starts=time(7), ends=time(8), actor=actor_for(cast.agent), at=AT)


def test_a_mail_asked_for_goes_to_those_who_did_not_say_no(db):
    cast = make_cast()
    make_relay()
    for person, wanted in ((cast.agent, "urgent"), (cast.supervisor, "none")):
        Person.objects.filter(pk=person.pk).update(preferences={"mail_notices": wanted})
    later = AT + timedelta(hours=3)
    given = {"kind": "alarm.released", "params": {}, "at": AT}
    services.notify(key="a", person_ids=[cast.agent.pk, cast.supervisor.pk], **given)
    assert not queries.mails_of("person", cast.agent.pk).exists()
    services.notify(key="b", person_ids=[cast.agent.pk, cast.supervisor.pk], mail_at=later, **given)
    assert queries.mails_of("person", cast.agent.pk).get().next_at >= later
    assert not queries.mails_of("person", cast.supervisor.pk).exists()


def test_one_without_the_right_manages_no_way(db):
    cast = make_cast()
    way = make_way()
    nobody = actor_for(cast.nobody)
    for act in (
        lambda: services.way_save(kind="wecom", name="", address="https://a.cn/", actor=nobody, at=AT),
        lambda: services.way_remove(way_id=way.pk, actor=nobody, at=AT),
        lambda: services.way_test(way_id=way.pk, actor=nobody, at=AT),
    ):
        with pytest.raises(NotAllowed):
            act()


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))


@given(times, times, st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)))
def test_quiet_hours_end_at_their_end_and_nobody_is_told_within(starts, ends, moment):
    at = moment.replace(tzinfo=ZONE)
    found = rules.heard_at([(starts, ends)], at, ZONE)
    assert at <= found <= at + timedelta(days=1)
    if starts != ends:
        assert not rules.is_quiet(starts, ends, found.astimezone(ZONE).time())
        minute = at
        while minute < found:
            assert rules.is_quiet(starts, ends, minute.astimezone(ZONE).time())
            minute += timedelta(minutes=37)

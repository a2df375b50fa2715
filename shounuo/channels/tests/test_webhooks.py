"""Events told to other systems: signed, again when it failed, to nobody who may not see them."""

import hashlib
import hmac
import http.server
import json
import threading
from datetime import timedelta

import pytest
from django.db import transaction

from shounuo.cases import services as cases
from shounuo.channels import rules, services
from shounuo.channels.models import Delivery, Webhook
from shounuo.channels.testing import AT
from shounuo.customers.services import customer_find_or_create
from shounuo.events.models import Event
from shounuo.events.testing import run_jobs
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed
from shounuo.notices.models import Notice
from shounuo.staff.testing import make_cast, set_up_organisation

# Positions are transactions: what one has not committed, no reader sees.
pytestmark = pytest.mark.django_db(transaction=True)


class Site(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"said")

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def site(settings):
    settings.SHOUNUO_EGRESS_ALLOW = ["127.0.0.1/32"]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.seen, server.status = [], 200
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def cast():
    set_up_organisation()
    return make_cast()


def make_webhook(person_actor, url, kinds=("case.*",)):
    return services.webhook_create(name="ERP", url=url, kinds=kinds, actor=person_actor, at=AT)


def open_case(team_id=None):
    with transaction.atomic():
        customer, _new = customer_find_or_create(name="宋建国", actor=Actor.system(), at=AT)
        case, _first = cases.case_open(
            channel="api",
            subject="s",
            text="t",
            customer_id=customer.pk,
            team_id=team_id,
            actor=Actor.system(),
            at=AT,
        )
    case.refresh_from_db()
    return case


def pump(at=AT):
    return services.webhooks_pump(at)


def deliver(at=AT):
    for id in Delivery.objects.filter(state="queued", next_at__lte=at).values_list("pk", flat=True):
        services.delivery_try(delivery_id=id, at=at)


def test_an_event_is_told_signed_and_logged(cast, site):
    _webhook, secret = make_webhook(cast.actor(cast.admin), site.url)
    case = open_case()
    assert pump() == 1 and pump() == 0
    deliver()
    [(headers, body)] = site.seen
    told = json.loads(body)
    assert (told["kind"], told["subject"]["number"]) == ("case.opened", case.number)
    timestamp, _comma, given = headers["Shounuo-Signature"].partition(",")
    text = timestamp.removeprefix("t=").encode() + b"." + body
    assert given == "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
    assert timestamp == f"t={int(AT.timestamp())}"
    row = Delivery.objects.get()
    assert (row.state, row.status_code, row.response, row.attempts) == ("done", 200, "said", 1)
    assert headers["Shounuo-Event"] == "case.opened" and headers["Shounuo-Delivery"] == str(row.pk)


def test_no_name_or_word_of_a_customer_is_told(cast, site):
    make_webhook(cast.actor(cast.admin), site.url, ["*"])
    open_case()
    pump()
    deliver()
    assert site.seen and not any("宋建国".encode() in body for _h, body in site.seen)


def test_what_happened_before_is_not_told(cast, site):
    open_case()
    make_webhook(cast.actor(cast.admin), site.url)
    assert pump() == 0


def test_only_what_its_maker_may_see_is_told(cast, site):
    make_webhook(Actor.person(cast.admin.pk, permissions=frozenset({"webhooks.manage"})), site.url)
    Webhook.objects.update(person=cast.outsider)
    open_case(team_id=cast.team.pk)
    assert pump() == 0
    open_case(team_id=cast.other_team.pk)
    assert pump() == 2  # opened and assigned


def test_one_whose_maker_has_left_tells_nothing(cast, site):
    make_webhook(cast.actor(cast.admin), site.url)
    cast.admin.is_active = False
    cast.admin.save()
    open_case()
    assert pump() == 0 and not Delivery.objects.exists()


def test_a_failed_one_is_tried_again_with_growing_waits_and_given_up(cast, site):
    site.status = 500
    make_webhook(cast.actor(cast.admin), site.url)
    open_case()
    pump()
    at, waits = AT, []
    while Delivery.objects.filter(state="queued").exists():
        deliver(at)
        row = Delivery.objects.get()
        if row.next_at:
            waits.append(row.next_at - at)
            at = row.next_at
    row = Delivery.objects.get()
    assert waits == list(rules.WEBHOOK_WAITS) and row.state == "failed" and row.status_code == 500
    assert Webhook.objects.get().failing_since == AT
    services.delivery_replay(delivery_id=row.pk, actor=cast.actor(cast.admin), at=at)
    site.status = 204
    deliver(at)
    row.refresh_from_db()
    assert row.state == "done" and Webhook.objects.get().failing_since is None


def test_one_that_fails_for_days_is_switched_off_and_its_maker_told(cast, site):
    site.status = 500
    make_webhook(cast.actor(cast.admin), site.url)
    open_case()
    pump()
    deliver(AT)
    later = AT + rules.WEBHOOK_STOP_AFTER + timedelta(hours=1)
    open_case()
    pump(later)
    deliver(later)
    run_jobs(later)
    webhook = Webhook.objects.get()
    assert not webhook.active and Event.objects.filter(kind="webhook.stopped").count() == 1
    assert Notice.objects.filter(person=cast.admin, kind="webhook.stopped").exists()


def test_nothing_is_sent_into_the_house(cast, settings):
    settings.SHOUNUO_EGRESS_ALLOW = []
    for url in ("http://127.0.0.1/", "http://10.0.0.1/", "http://[::1]/", "https://169.254.169.254/latest/"):
        with pytest.raises(Invalid):
            make_webhook(cast.actor(cast.admin), url)
    make_webhook(cast.actor(cast.admin), "http://2130706433/")
    open_case()
    pump()
    deliver()
    row = Delivery.objects.get()
    assert row.state == "queued" and row.status_code is None and "2130706433" in row.response


def test_a_test_says_what_came_back(cast, site):
    webhook, _secret = make_webhook(cast.actor(cast.admin), site.url)
    answer = services.webhook_test(webhook_id=webhook.pk, actor=cast.actor(cast.admin), at=AT)
    assert (answer.status, answer.body) == (200, b"said") and b"ping" in site.seen[0][1]


def test_the_secret_is_kept_encrypted_and_can_be_renewed(cast, site):
    webhook, secret = make_webhook(cast.actor(cast.admin), site.url)
    assert secret not in webhook.secret
    renewed = services.webhook_secret_renew(webhook_id=webhook.pk, actor=cast.actor(cast.admin), at=AT)
    assert renewed != secret


def test_switched_on_again_it_goes_on_from_now(cast, site):
    webhook, _secret = make_webhook(cast.actor(cast.admin), site.url)
    actor = cast.actor(cast.admin)
    services.webhook_change(webhook_id=webhook.pk, active=False, actor=actor, at=AT)
    open_case()
    assert pump() == 0
    services.webhook_change(webhook_id=webhook.pk, active=True, actor=actor, at=AT)
    assert pump() == 0
    open_case()
    assert pump() == 1


def test_a_delivery_whose_job_was_lost_is_queued_again(cast, site):
    make_webhook(cast.actor(cast.admin), site.url)
    open_case()
    pump()
    assert services.deliveries_requeue(AT + timedelta(minutes=1)) == 0
    assert services.deliveries_requeue(AT + timedelta(hours=1)) == 1


def test_only_who_manages_webhooks_may(cast, site):
    webhook, _secret = make_webhook(cast.actor(cast.admin), site.url)
    for actor in (cast.actor(cast.supervisor), cast.actor(cast.agent), Actor.customer(1)):
        for act in (
            lambda a: make_webhook(a, site.url),
            lambda a: services.webhook_change(webhook_id=webhook.pk, name="x", actor=a, at=AT),
            lambda a: services.webhook_remove(webhook_id=webhook.pk, actor=a, at=AT),
            lambda a: services.webhook_test(webhook_id=webhook.pk, actor=a, at=AT),
            lambda a: services.webhook_secret_renew(webhook_id=webhook.pk, actor=a, at=AT),
            lambda a: services.delivery_replay(delivery_id=1, actor=a, at=AT),
        ):
            with pytest.raises(NotAllowed):
                act(actor)


def test_old_deliveries_are_pruned(cast, site):
    make_webhook(cast.actor(cast.admin), site.url)
    open_case()
    pump()
    deliver()
    assert services.deliveries_prune(AT + timedelta(days=29)) == 0
    assert services.deliveries_prune(AT + timedelta(days=31)) == 1

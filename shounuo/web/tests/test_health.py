"""What a load balancer, an operator and Prometheus ask: alive, ready, healthy, and the figures."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections

from shounuo.cases.testing import make_case
from shounuo.channels.testing import receive
from shounuo.commitments.models import Clock, ClockLoop
from shounuo.kernel.clock import now
from shounuo.kernel.errors import Problem
from shounuo.policy.testing import make_in_force
from shounuo.web.ops import health, serve

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def midday():
    """The clock is left as it is: the database goes by its own in what it tells of itself."""


def beat(*, worker=None, clocks=None):
    """Heartbeats so long ago."""
    if worker is not None:
        with connection.cursor() as cursor:
            cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (%s)", [now() - worker])
    if clocks is not None:
        ClockLoop.objects.create(name="one", beat_at=now() - clocks)


@pytest.fixture
def database_away(monkeypatch):
    def gone(*_args, **_kwargs):
        raise OperationalError("the database is away")

    monkeypatch.setattr(type(connections["default"]), "cursor", gone)
    monkeypatch.setattr(health, "_current", False)


def test_alive_asks_nobody(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_alive_even_without_a_database(client, database_away):
    assert client.get("/livez").status_code == 200


def test_ready_is_a_database_with_this_codes_schema(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "db": True, "schema": True})


def test_not_ready_while_a_migration_is_missing(client, monkeypatch):
    monkeypatch.setattr(health, "_current", False)
    monkeypatch.setattr(health.start, "schema_is_current", lambda: False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["schema"]) == (503, False)


def test_not_ready_without_a_database(client, database_away):
    assert client.get("/readyz").status_code == 503
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["db"]) == (503, False)


def test_healthy_is_all_three_alive(client):
    beat(worker=timedelta(seconds=3), clocks=timedelta(seconds=3))
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "db": True, "worker": True, "clocks": True}


@pytest.mark.parametrize(
    ("worker", "clocks", "says"),
    [
        (None, None, (False, False)),
        (3, None, (True, False)),
        (None, 3, (False, True)),
        (16, 3, (False, True)),
        (3, 16, (True, False)),
    ],
)
def test_the_same_body_says_which_one_is_missing(client, worker, clocks, says):
    beat(
        worker=timedelta(seconds=worker) if worker else None,
        clocks=timedelta(seconds=clocks) if clocks else None,
    )
    answer = client.get("/healthz")
    body = answer.json()
    assert (answer.status_code, body["status"], body["db"]) == (503, "unavailable", True)
    assert (body["worker"], body["clocks"]) == says


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_they_answer_before_the_set_up_and_to_nobody_in_particular(client, path):
    answer = client.get(path)
    assert answer.status_code in (200, 503) and answer.headers["Content-Type"] == "application/json"
    assert "Set-Cookie" not in answer.headers


# ---- metrics


def test_figures_are_behind_a_token_and_not_there_without_one(client, settings):
    assert client.get("/metrics").status_code == 404
    settings.SHOUNUO_METRICS_TOKEN = "of-prometheus"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer of-prometheus"}).status_code == 200


def test_figures_say_what_waits_and_since_when(client, settings):
    settings.SHOUNUO_METRICS_TOKEN = "of-prometheus"
    make_in_force(at=now() - timedelta(days=1))
    make_case(at=now() - timedelta(minutes=40))
    receive(b"\x00\xff not a mail at all", at=now())
    assert Clock.objects.exists()
    lines = client.get("/metrics", headers={"Authorization": "Bearer of-prometheus"}).text.splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(figures["shounuo_cases_open"]) == 1
    assert float(figures["shounuo_mails_quarantined"]) == 1
    assert float(figures["shounuo_jobs_waiting"]) >= 1
    late = float(figures["shounuo_clock_oldest_unfired_seconds"])
    assert 15 * 60 < late < 41 * 60
    helped = {line.split()[2] for line in lines if line.startswith("# HELP")}
    assert {name.partition("{")[0] for name in figures} <= helped


@pytest.mark.parametrize("port", [65536, 99999])
def test_a_port_that_cannot_be_is_refused_in_words(port):
    with pytest.raises(Problem) as refused:
        serve._bound("127.0.0.1", port)
    assert str(port) in str(refused.value) and "--port" in str(refused.value)

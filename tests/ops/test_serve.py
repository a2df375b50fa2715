"""`shounuo serve`, from the first start to a kill -9, and a backup that is restored elsewhere. One story, told in order."""

import json
import os
import re
import signal
import socket
import time
import urllib.error
import urllib.request

import pytest

pytestmark = pytest.mark.crash
PASSWORD = "imap-password-of-the-mailbox"


def ask(installation, path, body=None, token=None):
    """(status, body) of a request to the running server."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{installation.port}{path}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"}
        | ({"Authorization": f"Bearer {token}"} if token else {}),
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def gone(pids, seconds=15):
    """True when none of the processes is left within the time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not any(os.path.exists(f"/proc/{pid}") for pid in pids):
            return True
        time.sleep(0.1)
    return False


def test_the_first_start_makes_everything_and_gives_a_link(installation):
    installation.start()
    health = installation.health()
    assert health["status"] == "ok" and {"db", "worker", "clocks"} <= set(health)
    assert ask(installation, "/livez")[0] == ask(installation, "/readyz")[0] == 200
    said = installation.said()
    assert f"http://127.0.0.1:{installation.port}/" in said
    link = re.search(r"http://127\.0\.0\.1:\d+(/link/\S+)", said)
    assert link and ask(installation, link[1])[0] == 200
    keys = list((installation.data / "keys").iterdir())
    assert keys and all(key.stat().st_mode & 0o077 == 0 for key in keys)
    with socket.create_connection(("127.0.0.1", installation.smtp_port), timeout=5) as smtp:
        assert smtp.recv(100).startswith(b"220 ")


def test_a_second_one_on_the_same_folder_says_that_there_is_one(installation):
    with pytest.raises(RuntimeError, match="已经有一个守诺在运行"):
        installation.run("serve", "--port", "0", "--smtp-port", "0")
    assert installation.health()["status"] == "ok"


def test_token_create_prints_the_token_and_nothing_else(installation):
    installation.within(
        "from shounuo.web.ops import first; first.answer_for_tests()\n"
        "from shounuo.channels import services; from shounuo.channels.models import Mailbox\n"
        "from shounuo.kernel.actors import Actor; from shounuo.kernel.clock import now\n"
        f"services.mailbox_change(mailbox_id=Mailbox.objects.get().pk, imap_host='imap.example.cn', imap_login='kefu', imap_password='{PASSWORD}', actor=Actor.system(), at=now())"
    )
    token = installation.run("token", "create", "--user", "admin")
    assert re.fullmatch(r"\S{30,}", token)
    for n in range(3):
        body = {
            "channel": "api",
            "subject": f"第 {n} 张",
            "body": "结块",
            "customer": {"mail": f"c{n}@example.cn"},
        }
        status, answer = ask(installation, "/api/v1/cases", body, token)
        assert status == 201, answer
    assert ask(installation, "/api/v1/cases", None, token[:-1] + "x")[0] == 401


def log_from(installation, token, cursor=None):
    """Kinds of all events after the cursor over the API, and the cursor to go on from."""
    kinds = []
    while True:
        status, answer = ask(
            installation, "/api/v1/events?limit=200" + (f"&after={cursor}" if cursor else ""), None, token
        )
        assert status == 200, answer
        page = json.loads(answer)
        if page["next_cursor"] is None:
            return kinds, cursor
        kinds += [event["kind"] for event in page["items"]]
        cursor = page["next_cursor"]


WRITE_AND_READ = """
from django.conf import settings; from shounuo.web.ops.postgres import Embedded
from shounuo.events import queries, services; from shounuo.events.models import Event
from shounuo.kernel import paging; from shounuo.kernel.actors import Actor; from shounuo.kernel.clock import now
server = Embedded(settings.DATA / 'postgres'); server.start()
try:
    from django.db import connection, transaction
    from shounuo.cases.models import Case
    case = Case.objects.order_by('id').first()
    with transaction.atomic():
        services.publish([services.NewEvent('case.tagged', ('case', case.pk), now(), Actor.system(), {'added': 1})])
    for cursor in (%r, %r):
        events, _onward = queries.after(Actor.system(), cursor, limit=200)
        print(*(event.kind for event in events if event.kind == 'case.tagged'), len(events))
    everything, _end = queries.read_after(queries.START, limit=10_000)
    print([e.id for e in everything] == sorted(e.id for e in everything), len(everything) == Event.objects.count())
    connection.close(); connection.close_pool()
finally: server.stop()
"""


def test_a_backup_while_it_runs_is_an_installation_elsewhere(installation):
    archive = installation.data.parent / "kept.snb"
    token = installation.run("token", "create", "--user", "admin")
    kinds, at_backup = log_from(installation, token)
    assert kinds.count("case.opened") == 3
    installation.run("backup", str(archive))
    installation.run("token", "create", "--user", "admin", "--name", "a write after the backup")
    _kinds, read_further = log_from(installation, token, at_backup)
    assert archive.stat().st_mode & 0o077 == 0
    assert PASSWORD.encode() not in archive.read_bytes()
    assert installation.health()["status"] == "ok"

    elsewhere = installation.data.parent / "elsewhere"
    here, installation.data = installation.data, elsewhere
    try:
        assert "事件日志：第 1 段" in installation.run("restore", str(archive))
        written = installation.within(WRITE_AND_READ % (at_backup, read_further)).splitlines()
        with pytest.raises(RuntimeError, match="不是空的"):
            installation.run("restore", str(archive))
        assert "intact" in installation.run("audit", "seal")
        found = installation.within(
            "from django.conf import settings; from shounuo.web.ops.postgres import Embedded\n"
            "server = Embedded(settings.DATA / 'postgres'); server.start()\n"
            "try:\n"
            "    from django.db import connection\n"
            "    from shounuo.cases.models import Case; from shounuo.channels.models import Mailbox\n"
            "    from shounuo.commitments.models import Clock; from shounuo.kernel.secrets import decrypt\n"
            "    print(Case.objects.count(), decrypt(Mailbox.objects.get().imap_password))\n"
            "    connection.close(); connection.close_pool()\n"
            "finally: server.stop()"
        )
    finally:
        installation.data = here
    assert found == f"3 {PASSWORD}"
    # Positions given before the backup, and after it by the installation that is gone, lie before what comes.
    assert written[0].startswith("case.tagged") and written[1] == "case.tagged 1"
    assert written[2] == "True True"


def test_a_wrong_passphrase_opens_no_backup(installation):
    right = installation.environment["SHOUNUO_BACKUP_PASSPHRASE"]
    here, installation.data = installation.data, installation.data.parent / "nowhere"
    installation.environment["SHOUNUO_BACKUP_PASSPHRASE"] = "another one altogether"
    try:
        with pytest.raises(RuntimeError, match="口令不对") as refusal:
            installation.run("restore", str(here.parent / "kept.snb"))
        assert "Traceback" not in str(refusal.value)
        assert not (installation.data / "postgres").exists()
    finally:
        installation.environment["SHOUNUO_BACKUP_PASSPHRASE"] = right
        installation.data = here


def test_a_signal_stops_everything_and_leaves_nobody(installation):
    children = [installation.child(what) for what in ("web", "jobs", "clocks", "smtp")]
    assert all(children)
    everybody = [installation.process.pid, *children, installation.database_pid()]
    assert installation.stop() < 25
    assert gone(everybody) and installation.processes() == []
    assert installation.process.returncode == 0


def test_the_second_start_takes_less_than_ten_seconds(installation, patience):
    assert installation.start() < 10 * patience


def test_after_kill_9_of_the_parent_a_new_start_takes_the_database_over(installation):
    database = installation.database_pid()
    children = [installation.child(what) for what in ("web", "jobs", "clocks", "smtp")]
    os.kill(installation.process.pid, signal.SIGKILL)
    installation.process.wait(10)
    assert gone(children), "children end with their parent"
    assert os.path.exists(f"/proc/{database}"), "the database outlives it"
    installation.start()
    assert installation.database_pid() == database
    token = installation.run("token", "create", "--user", "admin")
    assert len(json.loads(ask(installation, "/api/v1/cases", None, token)[1])["items"]) == 3
    installation.stop()
    assert gone([database]) and installation.processes() == []

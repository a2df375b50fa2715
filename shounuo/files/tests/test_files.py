"""Files: safe on the disk before their row, judged by content, handed to those who may see what they hang on."""

import io
import os
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.files.storage import InMemoryStorage, storages
from django.test import Client

from shounuo.events import subjects
from shounuo.events.subjects import People, Subject
from shounuo.files import queries, services
from shounuo.files.models import Blob, File
from shounuo.files.types import type_of
from shounuo.kernel import store
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotFound, TooLarge
from shounuo.staff.testing import AT, make_cast, set_up_organisation, sign_in_client

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 64
SYSTEM = Actor.system()


@pytest.fixture(autouse=True)
def _storage(settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        },
    }


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def things(monkeypatch):
    """A kind of subject that only those in the set may see: {(actor kind, actor id)}."""
    seen: set[tuple[str, int | None]] = set()
    subject = Subject(
        kind="thing",
        facts=lambda ids: {},
        visible_ids=lambda actor, ids: set(ids) if (actor.kind, actor.id) in seen else set(),
        people=lambda id: People(),
        label=lambda ids: {},
        url=lambda id: "",
    )
    monkeypatch.setitem(subjects._subjects, "thing", subject)
    return seen


def attach(data=b"hello", name="a.txt", subject=("thing", 1), actor=SYSTEM, **given):
    blob = services.blob_store(data=data, at=AT)
    return services.file_attach(blob=blob, name=name, subject=subject, actor=actor, at=AT, **given)


def test_the_same_bytes_are_one_blob_and_come_back_whole():
    first, second = attach(b"same", "a.txt"), attach(io.BytesIO(b"same"), "b.txt")
    assert first.blob_id == second.blob_id and Blob.objects.get().size == 4
    assert queries.content(first) == b"same"
    big = os.urandom(700_000)
    assert queries.content(attach(big)) == big


def test_what_is_stored_is_on_the_disk_before_it_returns(monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), real(fd))[1]
    )
    name = services.raw_put(b"From: a@b.cn\r\n\r\nhello")
    assert any("incoming" in path for path in synced) and synced[-1].endswith(f"raw/{name[:2]}")
    assert services.raw_get(name) == b"From: a@b.cn\r\n\r\nhello"
    assert services.raw_put(b"From: a@b.cn\r\n\r\nhello") == name


def test_too_much_is_refused_and_leaves_nothing(settings, tmp_path):
    settings.MAX_FILE_BYTES = 1024 * 1024
    with pytest.raises(TooLarge):
        services.blob_store(data=b"x" * (1024 * 1024 + 1), at=AT)
    assert not [p for p in (tmp_path / "files").rglob("*") if p.is_file()]
    assert not Blob.objects.exists()


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 20, "image/jpeg"),
        (b"%PDF-1.7\n", "application/pdf"),
        (b"GIF89a<script>alert(1)</script>", "image/gif"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image/svg+xml"),
        (b"\xef\xbb\xbf <?xml version='1.0'?><SVG/>", "image/svg+xml"),
        (b"<!DOCTYPE html><script>alert(1)</script>", "text/html"),
        (b"hello <ScRiPt >alert(1)</script>", "text/html"),
        (b"<?xml version='1.0'?><a/>", "application/xml"),
        ("客户来信".encode(), "text/plain"),
        (b"MZ\x90\x00\x03" + b"\0" * 60, "application/x-msdownload"),
        (b"\x00\x01\x02", "application/octet-stream"),
        (b"", "application/octet-stream"),
    ],
)
def test_the_type_is_judged_by_content(head, kind):
    assert type_of(head) == kind


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("C:\\windows\\x.exe", "C__windows_x.exe"),
        ("合同\u202etxt.exe", "合同txt.exe"),
        ("a\r\nX-Evil: 1.pdf", "a X-Evil_ 1.pdf"),
        (".htaccess", "htaccess"),
        ("  ", "未命名"),
        ("长" * 300 + ".pdf", "长" * 196 + ".pdf"),
    ],
)
def test_names_are_safe_on_every_system(given, kept):
    assert services.file_name(given) == kept


@pytest.mark.parametrize(
    ("data", "name", "kind", "way"),
    [
        (PNG, "现场.png", "image/png", "inline"),
        (b"<html><script>alert(1)</script>", "a.png", "application/octet-stream", "attachment"),
        (b"<svg onload=alert(1)>", "logo.svg", "application/octet-stream", "attachment"),
        (b"%PDF-1.7", "a.pdf", "application/pdf", "attachment"),
        (b"plain", 'a"\r\nX: y".html', "text/plain; charset=utf-8", "attachment"),
    ],
)
def test_only_safe_images_are_shown_in_the_page(cast, things, client: Client, data, name, kind, way):
    set_up_organisation()
    things.add(("person", cast.agent.id))
    sign_in_client(client, cast.agent)
    answer = client.get(f"/files/{attach(data, name).id}/")
    assert answer.status_code == 200 and answer.content == data
    assert answer["Content-Type"] == kind
    assert answer["Content-Disposition"].startswith(way)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "X" not in answer.headers


def test_a_file_is_seen_by_those_who_see_its_subject(cast, things, client: Client):
    set_up_organisation()
    file, hidden = attach(), attach(internal=True)
    things |= {("person", cast.agent.id), ("customer", 5)}
    assert client.get(f"/files/{file.id}/").status_code == 302
    for person, status in [(cast.agent, 200), (cast.outsider, 404), (cast.admin, 404), (cast.nobody, 404)]:
        sign_in_client(client, person)
        assert client.get(f"/files/{file.id}/").status_code == status
        assert client.get(f"/files/{hidden.id}/").status_code == status
    assert client.get("/files/999999/").status_code == 404
    assert client.post(f"/files/{file.id}/").status_code == 405
    assert queries.get(Actor.customer(5), file.id) == file
    for actor, wanted in [(Actor.customer(5), hidden), (Actor.customer(6), file)]:
        with pytest.raises(NotFound):
            queries.get(actor, wanted.id)
    assert [f.id for f in queries.of_subject("thing", 1, internal=False)] == [file.id]


def test_an_upload_is_its_uploaders_until_he_hangs_it_somewhere(cast, things):
    agent, outsider = cast.actor(cast.agent), cast.actor(cast.outsider)
    things |= {("person", cast.agent.id), ("person", cast.outsider.id)}
    draft = services.draft_upload(data=b"note", name="n.txt", actor=agent, at=AT)
    same_number = Actor.customer(cast.agent.id)
    for stranger in (outsider, same_number, cast.actor(cast.admin)):
        with pytest.raises(NotFound):
            queries.get(stranger, draft.id)
        with pytest.raises(NotFound):
            services.drafts_claim(file_ids=[draft.id], subject=("thing", 1), actor=stranger)
        with pytest.raises(NotFound):
            services.draft_remove(file_id=draft.id, actor=stranger)
    claimed = services.drafts_claim(
        file_ids=[draft.id], subject=("thing", 1), ref=4, internal=True, actor=agent
    )
    assert [(f.subject_kind, f.subject_id, f.ref, f.internal) for f in claimed] == [("thing", 1, 4, True)]
    with pytest.raises(NotFound):
        services.drafts_claim(file_ids=[draft.id], subject=("thing", 2), actor=agent)


def test_uploads_are_no_storage(cast, monkeypatch):
    monkeypatch.setattr(services, "MOST_DRAFTS", 2)
    agent = cast.actor(cast.agent)
    for _n in range(2):
        services.draft_upload(data=b"x", name="x", actor=agent, at=AT)
    with pytest.raises(Invalid):
        services.draft_upload(data=b"x", name="x", actor=agent, at=AT)
    with pytest.raises(Invalid):
        services.draft_upload(data=b"x", name="x", actor=SYSTEM, at=AT)


def test_a_signed_address_opens_one_file_until_it_expires(things, client: Client):
    set_up_organisation()
    file, other = attach(b"mine"), attach(b"other")
    now = datetime.now(UTC)
    path = queries.signed_path(file, at=now)
    assert client.get(path).content == b"mine"
    token = path.split("/")[3]
    id, until, sign = token.split(".")
    for forged in (
        f"{other.id}.{until}.{sign}",
        f"{id}.{int(until) + 1}.{sign}",
        f"{id}.{until}.",
        f"{id}.{until}.{sign[:-1]}",
        "..",
        "x",
        f"{id}.{until}.签名",
    ):
        assert client.get(f"/files/s/{forged}/").status_code == 404
    over = queries.signed_path(file, at=now - timedelta(days=8)).split("/")[3]
    with pytest.raises(NotFound):
        queries.by_signature(over, now)
    File.objects.filter(pk=file.pk).update(internal=True)
    assert client.get(path).status_code == 404
    with pytest.raises(ValueError, match="internal"):
        queries.signed_path(File.objects.get(pk=file.pk), at=now)


def test_the_sweep_takes_what_nothing_names_after_a_day(cast):
    agent = cast.actor(cast.agent)
    kept, draft = attach(b"kept"), services.draft_upload(data=b"draft", name="d", actor=agent, at=AT)
    services.blob_store(data=b"loose", at=AT)
    real = datetime.now(UTC)
    assert services.sweep(real) == 0
    old = (real - timedelta(days=3)).timestamp()
    for name in (kept.blob_id, draft.blob_id):
        os.utime(storages["default"].path(f"blobs/{name[:2]}/{name}"), (old, old))
    assert services.sweep(real + timedelta(hours=1)) == 1
    assert not File.objects.filter(pk=draft.pk).exists()
    assert queries.content(kept) == b"kept" and store.has("blobs", kept.blob_id)
    assert not store.has("blobs", draft.blob_id)
    assert list(Blob.objects.values_list("sha256", flat=True)) == [kept.blob_id]


def test_content_written_again_is_not_discarded():
    name = services.raw_put(b"again")
    before = datetime.now(UTC) - timedelta(seconds=1)
    path = storages["default"].path(f"raw/{name[:2]}/{name}")
    os.utime(path, (0, 0))
    services.raw_put(b"again")
    assert time.time() - os.stat(path).st_mtime < 60
    assert not services.raw_discard(name, before=before)
    assert services.raw_get(name) == b"again"
    assert services.raw_discard(name, before=datetime.now(UTC) + timedelta(minutes=1))
    with pytest.raises(NotFound):
        services.raw_get(name)


def test_a_bucket_serves_as_well(settings, cast):
    settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": f"{__name__}.Bucket"}}
    file = attach(b"in the bucket")
    assert queries.content(file) == b"in the bucket"
    name = services.raw_put(b"raw")
    services.raw_put(b"raw")
    assert services.raw_get(name) == b"raw"
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert list(store.names("raw", before=later)) == [name]
    assert not services.raw_discard(name, before=later - timedelta(hours=1))
    assert services.raw_discard(name, before=later)


class Bucket(InMemoryStorage):
    """As S3 is set up: the same name is written over."""

    def get_available_name(self, name, max_length=None):
        if self.exists(name):
            self.delete(name)
        return name


def test_a_name_that_is_no_hash_reaches_no_file():
    for name in ("../../etc/passwd", "", "A" * 64, "0" * 63):
        with pytest.raises(NotFound):
            store.get("raw", name)

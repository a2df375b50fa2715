"""The archive of a backup: its keys under a passphrase, nothing half-made left behind, nothing written over. That a backup
of a running installation is restored elsewhere is tested in tests/ops."""

import io
import json
import tarfile
from contextlib import contextmanager

import pytest
from cryptography.fernet import Fernet

from shounuo.kernel.errors import Problem
from shounuo.web.ops import backup

PHRASE = "tinggu-ma-yuan-9"


@pytest.fixture
def said():
    return []


@pytest.fixture(autouse=True)
def house(monkeypatch, settings, tmp_path):
    """A data folder with one file; the database dump is a line of text."""
    monkeypatch.setenv("SHOUNUO_BACKUP_PASSPHRASE", PHRASE)
    monkeypatch.setenv("SHOUNUO_DATA", str(tmp_path / "fresh"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    settings.DATA = tmp_path / "data"
    (settings.DATA / "files" / "raw").mkdir(parents=True)
    (settings.DATA / "files" / "raw" / "aa").write_bytes(b"a mail")
    monkeypatch.setattr(backup, "_dump", lambda path: path.write_bytes(b"rows"))
    loaded = []

    @contextmanager
    def database(dump, data):
        loaded.append((dump.read_bytes(), data))
        yield
        loaded.append("stopped")

    monkeypatch.setattr(backup, "_loaded", database)
    monkeypatch.setattr(backup.start, "migrate", lambda say, restored: loaded.append(("migrated", restored)))
    return loaded


def make(tmp_path, said):
    path = tmp_path / "kept.snb"
    assert backup.backup(str(path), None, said.append) == 0
    return path


def test_it_holds_database_files_version_and_keys_that_need_the_phrase(tmp_path, said, settings):
    path = make(tmp_path, said)
    assert path.stat().st_mode & 0o077 == 0
    with tarfile.open(path) as archive:
        names = set(archive.getnames())
        assert {"manifest.json", "keys.enc", "database.dump", "files/raw/aa"} <= names
        manifest = json.load(archive.extractfile("manifest.json"))
        assert manifest["format"] == backup.FORMAT and manifest["postgres"].isdigit()
    content = path.read_bytes()
    assert settings.SECRET_KEY.encode() not in content
    assert all(key.encode() not in content for key in settings.SHOUNUO_DATA_KEYS)
    assert str(path) in said[-1]


def test_it_comes_back_with_its_keys_in_a_folder_that_is_new(tmp_path, said, settings, house):
    backup.restore(str(make(tmp_path, said)), None, said.append)
    fresh = tmp_path / "fresh"
    assert (fresh / "files" / "raw" / "aa").read_bytes() == b"a mail"
    key = fresh / "keys" / "secret.key"
    assert key.read_text().split()[0] == settings.SECRET_KEY and key.stat().st_mode & 0o077 == 0
    assert house == [(b"rows", fresh), ("migrated", True), "stopped"]


def test_the_phrase_may_stand_in_a_file(tmp_path, said, monkeypatch):
    monkeypatch.delenv("SHOUNUO_BACKUP_PASSPHRASE")
    (tmp_path / "phrase").write_text(PHRASE + "\n")
    path = tmp_path / "kept.snb"
    assert backup.backup(str(path), str(tmp_path / "phrase"), said.append) == 0


@pytest.mark.parametrize("phrase", ["", "short"])
def test_keys_are_never_kept_under_a_phrase_that_is_none(tmp_path, said, monkeypatch, phrase):
    monkeypatch.setenv("SHOUNUO_BACKUP_PASSPHRASE", phrase)
    with pytest.raises(Problem, match="8"):
        backup.backup(str(tmp_path / "kept.snb"), None, said.append)
    assert not (tmp_path / "kept.snb").exists()


def test_another_phrase_opens_nothing(tmp_path, said, monkeypatch):
    path = make(tmp_path, said)
    monkeypatch.setenv("SHOUNUO_BACKUP_PASSPHRASE", "another one altogether")
    with pytest.raises(Problem, match="口令不对"):
        backup.restore(str(path), None, said.append)
    assert not (tmp_path / "fresh").exists()


@pytest.mark.parametrize("there", ["files", "keys", "postgres"])
def test_what_is_there_is_never_written_over(tmp_path, said, there):
    path = make(tmp_path, said)
    (tmp_path / "fresh" / there).mkdir(parents=True)
    with pytest.raises(Problem, match="不是空的"):
        backup.restore(str(path), None, said.append)


def test_a_backup_that_fails_leaves_nothing_behind(tmp_path, said, monkeypatch):
    def fails(path):
        raise Problem("导出数据库失败")

    monkeypatch.setattr(backup, "_dump", fails)
    with pytest.raises(Problem):
        backup.backup(str(tmp_path / "kept.snb"), None, said.append)
    assert {p.name for p in tmp_path.iterdir()} == {"data"}


def archive_of(path, **members):
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name.replace("__", "/").replace("_dot_", "."))
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return str(path)


def test_an_archive_of_something_else_is_named_as_such(tmp_path, said):
    path = archive_of(tmp_path / "x.tar", readme=b"hello")
    with pytest.raises(Problem, match=r"manifest\.json"):
        backup.restore(path, None, said.append)


def test_a_file_that_is_not_there_or_no_archive_is_said_in_one_line(tmp_path, said):
    (tmp_path / "letter.txt").write_text("hello")
    for name in ("nowhere.snb", "letter.txt"):
        with pytest.raises(Problem, match=name):
            backup.restore(str(tmp_path / name), None, said.append)
    assert not (tmp_path / "fresh").exists()


def test_one_that_is_cut_short_brings_nothing_back(tmp_path, said, house):
    whole = make(tmp_path, said).read_bytes()
    end = len(whole.rstrip(b"\0"))
    cut = tmp_path / "cut.snb"
    for length in range(512, end, 512):  # between the parts of the archive, and within them
        cut.write_bytes(whole[:length])
        with pytest.raises(Problem, match="不完整"):
            backup.restore(str(cut), None, said.append)
        assert house == [] and not (tmp_path / "fresh").exists()


def test_a_format_of_the_future_is_not_guessed_at(tmp_path, said):
    path = archive_of(tmp_path / "x.tar", manifest_dot_json=json.dumps({"format": 99}).encode())
    with pytest.raises(Problem, match="99"):
        backup.restore(path, None, said.append)


def test_an_archive_cannot_write_outside_of_its_folder(tmp_path, said):
    keys = backup._lock_keys(PHRASE)
    path = tmp_path / "x.tar"
    with tarfile.open(path, "w") as archive:
        for name, content in (
            ("manifest.json", json.dumps({"format": backup.FORMAT, "at": "", "version": ""}).encode()),
            ("keys.enc", keys),
            ("../../evil", b"evil"),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(tarfile.FilterError):
        backup.restore(str(path), None, said.append)
    assert not list(tmp_path.parent.glob("**/evil"))


def test_each_backup_has_a_salt_of_its_own(tmp_path):
    one, two = backup._lock_keys(PHRASE), backup._lock_keys(PHRASE)
    assert one[:16] != two[:16] and one[16:] != two[16:]
    assert backup._unlock_keys(one, PHRASE) == backup._unlock_keys(two, PHRASE)
    with pytest.raises(Problem):
        backup._unlock_keys(one[:16] + Fernet(Fernet.generate_key()).encrypt(b"{}"), PHRASE)

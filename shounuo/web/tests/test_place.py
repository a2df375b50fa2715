"""Commands and the data folder that they are given: none makes an installation by mistake, none ends in a traceback."""

import argparse
import os
import subprocess
import sys

import pytest

from shounuo.web import cli
from shounuo.web.ops import place
from shounuo.web.ops.place import Need, NotThere

NOBODY = 65534


def commands(parser, path=()):
    """(words, defaults) of every command."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, under in action.choices.items():
                yield (*path, name), under
                yield from commands(under, (*path, name))


def ran(*words, **environment):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("SHOUNUO_", "DATABASE_URL", "DJANGO_"))}
    return subprocess.run(
        [sys.executable, "-m", "shounuo.web.cli", *words],
        capture_output=True,
        text=True,
        timeout=120,
        env=env | environment,
        check=False,
    )


@pytest.fixture
def installation(tmp_path):
    """What tells a folder with an installation from any other."""
    pgdata = tmp_path / "here" / "postgres" / "pgdata"
    pgdata.mkdir(parents=True)
    (pgdata / "PG_VERSION").write_text("18\n")
    return tmp_path / "here"


def test_only_those_commands_make_an_installation_that_are_meant_to():
    needs = {words: command.get_default("need") for words, command in commands(cli._parser())}
    assert {" ".join(words) for words, need in needs.items() if need is Need.ANY} == {
        "serve",
        "demo",
        "restore",
    }
    groups = {words[:-1] for words in needs}
    idle = {words for words, need in needs.items() if need is Need.NOTHING} - groups
    assert idle == {("policy", "propose")}
    assert {words for words, need in needs.items() if need is Need.MAYBE} == {("policy", "check")}
    assert all(isinstance(need, Need) for need in needs.values())


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (("token", "create", "--user", "admin"), "nowhere"),
        (("token", "create", "--user", "admin"), ""),
        (("run", "jobs"), "nowhere"),
    ],
)
def test_a_folder_without_an_installation_is_refused_and_stays_as_it_was(tmp_path, words, folder):
    refused = ran(*words, "--data", str(tmp_path / folder))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.splitlines() == [
        f"{tmp_path / folder} 里没有守诺的数据。请用 --data 指出数据所在的目录；要新建，运行 shounuo serve"
    ]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "folder"),
    [
        (("serve", "--port", "0"), "file"),
        (("demo",), "file/within"),
        (("restore", "archive.snb"), "file"),
        (("worker",), "file/within"),
    ],
)
def test_a_folder_that_is_none_is_told_in_one_line(tmp_path, words, folder):
    file = tmp_path / "file"
    file.write_text("")
    refused = ran(*words, "--data", str(tmp_path / folder))
    assert (refused.returncode, refused.stdout) == (2, "")
    assert len(refused.stderr.splitlines()) == 1 and str(tmp_path / folder) in refused.stderr
    assert file.read_text() == "" and list(tmp_path.iterdir()) == [file]


def test_rules_are_proposed_without_any_folder(tmp_path):
    text = tmp_path / "rules.txt"
    text.write_text("第一条 客服须在30分钟内响应客户咨询。\n")
    done = ran("policy", "propose", str(text), "--data", str(tmp_path / "nowhere"))
    assert done.returncode == 0 and "30" in done.stdout, done.stderr
    assert list(tmp_path.iterdir()) == [text]


def test_an_installation_that_stands_is_enough_for_every_command(installation):
    for need in Need:
        place.check(installation, need, embedded=True)


def test_a_place_where_one_may_be_made_is_made(tmp_path):
    place.check(tmp_path / "new" / "one", Need.ANY, embedded=True)
    assert (tmp_path / "new" / "one").is_dir() and list((tmp_path / "new" / "one").iterdir()) == []


def test_with_a_database_of_the_operators_the_folder_says_nothing(tmp_path):
    place.check(tmp_path / "nowhere", Need.STANDING, embedded=False)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(NotThere, match="用不了"):
        place.check(tmp_path / "nowhere" / ("x" * 300), Need.ANY, embedded=False)


@pytest.fixture
def as_nobody():
    """A user without rights: the tests may run as root, to whom every folder is open."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


def test_a_folder_that_cannot_be_written_to_is_told(installation, request):
    installation.chmod(0o500)
    request.getfixturevalue("as_nobody")
    for need in (Need.STANDING, Need.ANY):
        with pytest.raises(NotThere, match="用不了") as refused:
            place.check(installation, need, embedded=True)
        assert str(installation.parent.parent) in str(refused.value)


def test_a_part_of_it_that_belongs_to_another_is_told(installation, monkeypatch):
    (installation / "keys").mkdir()
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != installation / "keys" and real(path, mode))
    with pytest.raises(NotThere, match="keys"):
        place.check(installation, Need.STANDING, embedded=True)


@pytest.mark.django_db
def test_a_database_that_holds_none_is_refused_unless_one_is_to_be_made(monkeypatch):
    place.check_database(Need.STANDING, "shounuo")
    monkeypatch.setattr("django.db.connection.introspection.table_names", lambda: ["something"])
    place.check_database(Need.ANY, "shounuo")
    with pytest.raises(NotThere, match="shounuo 里没有守诺的数据"):
        place.check_database(Need.STANDING, "shounuo")

"""`shounuo policy ...`."""

from __future__ import annotations

import re

import pytest

from shounuo.calendars.services import ensure_defaults
from shounuo.kernel.errors import Conflict, Invalid, NotFound
from shounuo.policy import cli, packs, queries
from shounuo.policy.models import PolicyVersion
from shounuo.policy.queries import kept
from shounuo.policy.reading import PackInvalid, read_pack
from shounuo.policy.testing import make_shipped, make_text
from shounuo.staff.testing import AT

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calendars(db):
    ensure_defaults(zone="Asia/Shanghai", at=AT)


@pytest.fixture
def said():
    return []


def test_import_publish_export(tmp_path, said):
    file = tmp_path / "pack.yaml"
    file.write_text(make_text(), encoding="utf-8-sig")
    assert cli.import_file(file, said.append) == 0
    assert said.pop() == "草案：测试规定 第 1 版（test）"
    assert cli.publish("test", said.append) == 0
    assert said.pop().startswith("已施行：测试规定 第 1 版")
    assert PolicyVersion.objects.get().published_by is None
    assert cli.export("test", None, said.append) == 0
    assert said.pop().startswith("pack: test\n")
    target = tmp_path / "out.yaml"
    assert cli.export("test", target, said.append) == 0
    assert target.read_text(encoding="utf-8").startswith("pack: test\n")


def test_a_file_that_cannot_be_read_is_said_so(tmp_path, said):
    with pytest.raises(Invalid):
        cli.import_file(tmp_path / "missing.yaml", said.append)
    (tmp_path / "gbk.yaml").write_bytes("title: 客户".encode("gbk"))
    with pytest.raises(Invalid):
        cli.import_file(tmp_path / "gbk.yaml", said.append)
    (tmp_path / "bad.yaml").write_text("pack: 1\n")
    with pytest.raises(PackInvalid) as caught:
        cli.import_file(tmp_path / "bad.yaml", said.append)
    assert "bad.yaml:1: " in str(caught.value)


def test_what_does_not_exist_is_said_so(said):
    with pytest.raises(Conflict):
        cli.publish("none", said.append)
    with pytest.raises(NotFound):
        cli.export("none", None, said.append)


def test_check_tells_the_rules_of_every_clause_and_the_fate_of_every_row(said, monkeypatch):
    monkeypatch.setattr(kept, "_provider", None)
    queries.register_kept(
        lambda codes, at: {"REG-2.2.1": {"week": {"share": 0.9812}, "month": {"share": None}}},
        lambda codes: {},
    )
    make_shipped("livestock", at=AT)
    assert cli.check(said.append) == 0
    text = "\n".join(said)
    assert "牧业公司客户服务规定 第 1 版，自 2026-10-10 起施行" in text
    assert "  2.2.1 响应及时  本周 98.1%" in text
    assert "首次响应：自收到客户消息起，30 分钟内须发出回复（含自动回执）或接通电话" in text
    assert "等待所需部分（回访与评价）" in text
    assert "没有任何机制执行这一条" in text
    assert int(re.search(r"REG：共 209 行 · 在执行 (\d+)", text)[1]) >= 19
    assert "不采用 13" in text
    assert "  REG-2.2.1-06 不采用：简版条目，以详版 REG-2.2.1-01 与 REG-2.2.1-03 为准" in text
    assert "客户服务能力提升方案（enterprise.yaml，未施行）" in text
    assert int(re.search(r"CAP：共 434 行 · 一经施行即可执行 (\d+)", text)[1]) >= 8
    assert "OFC：共 286 行" in text
    assert "PCF：共 310 行" in text
    assert said[-1].startswith("合计：共 1239 行 · 在执行 ")
    assert said[-1].endswith("不采用 13 · 未收录 0")


def test_check_fails_on_a_row_that_no_register_knows(tmp_path, said):
    file = tmp_path / "pack.yaml"
    file.write_text(make_text("REG-1").replace("    rules:", "    covers: [REG-99]\n    rules:"))
    assert cli.check(said.append, [file]) == 1
    assert said[-1] == "错误：test 第 6 行 REG-1：没有要求 REG-99"


def test_check_fails_on_a_row_that_no_shipped_pack_speaks_of(said, monkeypatch):
    monkeypatch.setattr(
        packs, "files", lambda: [packs.FOLDER / f"{c}.yaml" for c in ("livestock", "office", "enterprise")]
    )
    assert cli.check(said.append) == 1
    assert "错误：没有条款收录要求 PCF-6.0-01" in said


def test_all_four_documents_run_on_one_installation(said):
    for path in packs.files():
        cli.import_file(path, said.append)
        cli.publish(path.stem, said.append)
    assert PolicyVersion.objects.filter(state="published").count() == 4
    assert cli.check(said.append) == 0
    for path in packs.files():
        cli.export(path.stem, None, said.append)
        assert read_pack(said.pop(), "again.yaml") == read_pack(path.read_text(encoding="utf-8"), path.name)


def test_check_of_the_shipped_packs_passes(said):
    assert cli.check(said.append, packs.files()) == 0
    assert all("错误" not in line for line in said)

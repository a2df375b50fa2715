"""What pages may load: listed icons that exist, files that exist, colours that are defined."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from shounuo.web import assets

WEB = Path(assets.__file__).resolve().parent
ROOT = WEB.parent.parent
CODE = ROOT / "shounuo"
TEMPLATES = sorted(CODE.rglob("templates/**/*.html"))
STYLES = sorted((WEB / "static" / "sn").rglob("*.css"))
SCRIPTS = sorted((WEB / "static" / "sn").rglob("*.js"))
needs_node = pytest.mark.skipif(not (ROOT / "node_modules").is_dir(), reason="npm ci has not run")


def test_every_icon_that_a_template_names_is_listed():
    listed = assets.icon_names()
    for path in TEMPLATES:
        for call in re.findall(r"{%\s*icon\s+([^%]+?)\s*%}", path.read_text(encoding="utf-8")):
            for name in re.findall(r'^"([\w-]+)"|default:"([\w-]+)"', call):
                assert (name[0] or name[1]) in listed, f"{path.name}: {call}"


def test_every_icon_that_code_of_pages_names_is_listed():
    listed = assets.icon_names()
    for path in WEB.rglob("*.py"):
        if "tests" in path.relative_to(WEB).parts:
            continue
        for name in re.findall(r'"icon":\s*"([\w-]+)"', path.read_text(encoding="utf-8")):
            assert name in listed, f"{path.relative_to(ROOT)}: {name}"


@needs_node
def test_every_listed_icon_exists():
    missing = [n for n in assets.icon_names() if not assets.icon_source(ROOT, n).is_file()]
    assert missing == []


def test_icons_are_listed_once_and_in_order():
    names = assets.manifest()["icons"]
    assert len(names) == len(set(names))
    assert names == sorted(names)


@needs_node
def test_build_copies_the_named_files_and_nothing_else(tmp_path):
    out = tmp_path / "vendor"
    (out / "lib").mkdir(parents=True)
    (out / "lib" / "left-over.js").write_text("old")
    written = assets.build(ROOT, out)
    found = {str(p.relative_to(out)) for p in out.rglob("*") if p.is_file()}
    listed = assets.manifest()
    assert found == {*listed["files"], listed["sprite"]}
    assert {str(p.relative_to(out)) for p in written} == found


@needs_node
def test_a_face_comes_with_its_licence_and_is_no_static_file(tmp_path):
    written = assets.build_faces(ROOT, tmp_path / "faces")
    assert {p.name for p in written} == {"sans.ttf", "sans-licence.txt"}
    assert written[0].read_bytes()[:4] == b"\0\1\0\0"  # TrueType outlines: reportlab embeds no others
    assert not finders.find("sans.ttf")


@needs_node
def test_the_sprite_holds_one_drawing_per_icon():
    drawn = ET.fromstring(assets.sprite(ROOT, ["inbox", "x"]))
    assert [s.get("id") for s in drawn] == ["inbox", "x"]
    assert all(len(s) > 0 for s in drawn)


@needs_node
def test_an_icon_that_does_not_exist_fails_the_build():
    with pytest.raises(FileNotFoundError):
        assets.sprite(ROOT, ["no-such-icon"])


def test_every_static_file_that_a_template_names_exists():
    made = set(assets.manifest()["files"]) | {assets.manifest()["sprite"]}
    for path in TEMPLATES:
        for name in re.findall(r"{%\s*static\s+[\"']([^\"']+)[\"']\s*%}", path.read_text(encoding="utf-8")):
            assert name in made or finders.find(name), f"{path.name}: {name}"


def test_every_colour_that_a_style_uses_is_a_token():
    tokens = (WEB / "static" / "sn" / "tokens.css").read_text(encoding="utf-8")
    defined = set(re.findall(r"(--sn-[\w-]+)\s*:", tokens))
    for path in STYLES:
        used = set(re.findall(r"var\((--sn-[\w-]+)\)", path.read_text(encoding="utf-8")))
        assert used <= defined, f"{path.name}: {sorted(used - defined)}"


def test_dark_is_the_same_by_choice_and_by_system():
    tokens = (WEB / "static" / "sn" / "tokens.css").read_text(encoding="utf-8")
    blocks = re.findall(r'\[data-bs-theme="(?:dark|auto)"\]\s*{(.*?)}', tokens, re.DOTALL)
    values = [dict(re.findall(r"(--sn-[\w-]+):\s*([^;]+);", b)) for b in blocks]
    light = re.search(r':root, \[data-bs-theme="light"\]\s*{(.*?)}', tokens, re.DOTALL)
    assert light is not None
    assert len(values) == 2
    assert values[0] == values[1]
    assert set(values[0]) == set(re.findall(r"(--sn-[\w-]+):", light[1]))


def test_styles_and_scripts_load_nothing_from_elsewhere():
    for path in [*STYLES, *SCRIPTS]:
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text, path.name
        assert "@import" not in text, path.name
        assert not re.search(r"^\s*import\b|\beval\(|new Function", text, re.MULTILINE), path.name


def test_styles_are_whole():
    for path in STYLES:
        text = path.read_text(encoding="utf-8")
        assert text.count("{") == text.count("}"), path.name

"""The rules of the house, held by the machine so that nobody has to remember them."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = ROOT / "shounuo"
SOURCES = sorted(
    p for p in CODE.rglob("*.py") if not {"migrations", "tests", "vendor"} & set(p.relative_to(CODE).parts)
)
TEMPLATES = sorted(CODE.rglob("templates/**/*.html"))
HAN = re.compile(r"[\u4e00-\u9fff]")
FULL_WIDTH = re.compile(r"[\u3000-\u303f\uff01-\uff60]")
LONG_ENOUGH = 500
# Files that may be longer, each with its reason.
LONGER: dict[str, str] = {}
# Python files and folders whose Chinese is data, not screen text, each with its reason.
CHINESE_DATA = {
    "web/demo/": "the demo department speaks Chinese",
    "web/styleguide/": "examples, shown to developers only",
    "web/settings.py": "languages are named in themselves",
    "web/console/trial.py": "units as people type them, in both languages",
    "kernel/text": "names, addresses and character sets",
    "kernel/durations.py": "lengths of time told in both languages",
    "channels/mail/": "words that mail programs write",
    "policy/": "rules told in both languages (sentences, labels)",
    "calendars/": "names of the statutory days",
}
CHINESE_CONSTANTS = {"NUMERALS"}  # tables of characters, shown to readers of Chinese only
PRODUCT = re.compile("守诺( Shounuo.*)?")  # a name is the same in every language
GETTEXT = {
    "_",
    "gettext",
    "gettext_lazy",
    "ngettext",
    "ngettext_lazy",
    "pgettext",
    "pgettext_lazy",
    "npgettext",
    "npgettext_lazy",
    "_n",
    "N_",
    "gettext_noop",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST, names: set[str]):
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            if called in names:
                yield node


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_stays_short(path):
    lines = len(path.read_text().splitlines())
    key = str(path.relative_to(CODE))
    assert lines <= LONG_ENOUGH or key in LONGER, f"{lines} lines: make it a package along its nouns"


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_rules_and_services_never_read_the_clock(path):
    if (
        path.name not in {"rules.py", "engine.py", "matching.py"}
        and "services" not in path.relative_to(CODE).parts
        and path.stem != "services"
    ):
        return
    for node in calls(ast.parse(path.read_text()), {"now", "utcnow", "today", "time"}):
        source = ast.unparse(node)
        assert not re.match(r"(timezone|datetime|date|clock|time)\.(now|utcnow|today|time)\(", source), source


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_translated_text_is_a_constant(path):
    for node in calls(ast.parse(path.read_text()), {"_", "gettext", "gettext_lazy"}):
        if node.args:
            assert isinstance(node.args[0], ast.Constant | ast.Name | ast.Attribute | ast.Subscript), (
                ast.unparse(node)
            )


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_bare_chinese_outside_a_translation(path):
    key = str(path.relative_to(CODE))
    if key.startswith(tuple(CHINESE_DATA)) or path.name == "testing.py":
        return
    tree = ast.parse(path.read_text())
    fine: set[int] = set()
    for node in calls(tree, GETTEXT | {"compile"}):  # patterns match what people write, they show nothing
        fine |= {id(c) for c in ast.walk(node)}
    for node in ast.walk(tree):
        examples = isinstance(node, ast.keyword) and node.arg == "examples"  # of the API's document
        table = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in CHINESE_CONSTANTS
        if examples or table:
            fine |= {id(c) for c in ast.walk(node)}
    for node in ast.walk(tree):  # docstrings speak English but may name a Chinese term
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr):
                fine |= {id(c) for c in ast.walk(first)}
    bare = [
        c.value
        for c in ast.walk(tree)
        if isinstance(c, ast.Constant)
        and isinstance(c.value, str)
        and HAN.search(c.value)
        and not PRODUCT.fullmatch(c.value)
        and id(c) not in fine
    ]
    assert not bare, bare[:5]


# Files whose full-width characters are read, not shown.
READ_NOT_SHOWN = ("channels/mail/", "kernel/text", "policy/proposing/", "web/demo/", "web/styleguide/")


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_is_joined_with_chinese_punctuation_outside_a_translation(path):
    """`"、".join(names)` and f"{who}：{what}" stay Chinese for everybody."""
    if str(path.relative_to(CODE)).startswith(READ_NOT_SHOWN) or path.name == "testing.py":
        return
    tree = ast.parse(path.read_text())
    patterns = {id(c) for node in calls(tree, {"compile"}) for c in ast.walk(node)}
    joints: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            joints += node.values
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            joints += (node.left, node.right)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "join":
            joints.append(node.func.value)  # type: ignore[attr-defined]
    found = [
        ast.unparse(c)
        for c in joints
        if isinstance(c, ast.Constant) and FULL_WIDTH.search(str(c.value)) and id(c) not in patterns
    ]
    assert not found, found


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_hold_no_bare_chinese_and_nothing_inline(path):
    text = path.read_text()
    text = re.sub(r"{%\s*comment.*?endcomment\s*%}|{#.*?#}", "", text, flags=re.S)
    outside = re.sub(r"{%\s*blocktrans(late)?\b.*?{%\s*endblocktrans(late)?\s*%}", "", text, flags=re.S)
    outside = re.sub(r"{%.*?%}|{{.*?}}", "", outside, flags=re.S)
    found = HAN.search(outside) or FULL_WIDTH.search(outside)
    if "styleguide" not in path.name and "500.html" not in path.name:
        assert not found, outside[max(0, found.start() - 40) : found.end() + 40]
    assert not re.search(
        r"<style\b|\sstyle=|\son\w+=|<script(?![^>]*\b(src|type=\"application/json\"))", text
    ), "inline script or style"


def test_no_file_names_two_migrations_with_one_number():
    for folder in CODE.glob("*/migrations"):
        numbers = Counter(p.name[:4] for p in folder.glob("[0-9]*.py"))
        assert all(n == 1 for n in numbers.values()), folder


def test_migrations_import_no_app():
    for path in CODE.glob("*/migrations/[0-9]*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            module = getattr(node, "module", "") or ""
            if isinstance(node, ast.ImportFrom) and module.startswith("shounuo."):
                raise AssertionError(f"{name(path)} imports {module}")


def _models_of(app: str) -> set[str]:
    path = CODE / app / "models.py"
    if not path.exists():
        return set()
    return {n.name for n in ast.parse(path.read_text()).body if isinstance(n, ast.ClassDef)}


OWNERS = {model: app.name for app in CODE.iterdir() if app.is_dir() for model in _models_of(app.name)}
WRITES = {
    "create",
    "bulk_create",
    "update",
    "bulk_update",
    "delete",
    "get_or_create",
    "update_or_create",
    "save",
}


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_table_is_written_by_its_own_services_only(path):
    """`Model.objects…create/update/delete(…)` outside the app that owns Model is a write past its services."""
    app = path.relative_to(CODE).parts[0]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WRITES:
            source = ast.unparse(node.func)
            match = re.match(r"(?:\w+\.)*?(\w+)\.objects\b", source)
            if match and match[1] in OWNERS and OWNERS[match[1]] != app and not (match[1] == "Merge"):
                raise AssertionError(
                    f"{name(path)}:{node.lineno} writes {OWNERS[match[1]]}.{match[1]}: {source}"
                )


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_no_exception_is_swallowed(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            assert not (len(node.body) == 1 and isinstance(node.body[0], ast.Pass)), f"line {node.lineno}"
            assert node.type is not None, f"bare except in line {node.lineno}"


def test_every_docs_part_has_its_page():
    pages = {p.stem for p in (ROOT / "docs" / "parts").glob("*.md")}
    parts = {p.parent.name for p in CODE.glob("*/models.py")}
    assert parts - pages - {"web"} == set()


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_whole_numbers_from_outside_are_read_in_one_place(path):
    """`kernel.text.whole`: what `isdigit` lets by is not what `int` reads, nor what a column of the database holds."""
    if path.relative_to(CODE) == Path("kernel/text/numerals.py"):
        return
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            looked_at = {
                ast.unparse(call.func.value)
                for call in calls(function, {"isdigit", "isdecimal", "isnumeric"})
            }
            read = {ast.unparse(call.args[0]) for call in calls(function, {"int"}) if call.args}
            assert not looked_at & read, f"{function.name} reads {looked_at & read} by itself"

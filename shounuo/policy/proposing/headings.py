"""Cutting a regulation into numbered clauses by its own headings, with their places in the text.

第一章, 第三条, 一、, (一), 1., (1), 1.2.3, Ⅰ, Markdown's # and a word processor's heading styles are known. Which of
them stands above which is learnt from the order in which they first appear. A number counts as a heading only where
it goes on counting, so that a line that a page's width broke before "3. 5 ..." is not one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from shounuo.policy.proposing.normalise import is_wrapped, plain, rejoined, simplify
from shounuo.policy.proposing.numbers import HAN, number

_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20, 0x2003: 0x20, 0x00A0: 0x20}
_N = rf"\s*((?:[0-9OolI]{{1,4}}|[{HAN}]{{1,6}}))\s*"
_NOT_A_UNIT = r"(?!\s*(?:个|小时|分钟|秒|天|日|周|月|年|起|件|元|%|次|条|通|宗|份|名|项|种|类|级|[0-9]))"
_FORMAL = str.maketrans("壹贰叁参肆伍陆柒捌玖拾", "一二三三四五六七八九十")
_ROMAN = {"I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10}
_ROMAN_SIGNS = {chr(0x2160 + i): i + 1 for i in range(12)}
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("part", re.compile(rf"\s*第{_N}(?:编|篇|部\s*分)")),
    ("chapter", re.compile(rf"\s*第{_N}章")),
    ("section", re.compile(rf"\s*第{_N}节")),
    ("article", re.compile(rf"\s*第{_N}[条款](?:之{_N})?")),
    ("decimal", re.compile(rf"\s*([0-9]{{1,3}}(?:\s*\.\s*[0-9]{{1,3}})+)(?:\s*[.、]|\s|{_NOT_A_UNIT})")),
    ("han", re.compile(rf"\s*([{HAN}]{{1,3}})\s*[、.]")),
    ("han-formal", re.compile(r"\s*([壹贰叁参肆伍陆柒捌玖拾]{1,3})\s*[、.]")),
    ("han-in", re.compile(rf"\s*\(\s*([{HAN}]{{1,3}})\s*\)")),
    ("digit-in", re.compile(r"\s*\(?\s*([0-9]{1,3})\s*\)")),
    ("digit", re.compile(rf"\s*([0-9]{{1,3}})\s*(?:、|\.(?![0-9])|\s(?=\s*[\u4e00-\u9fff]){_NOT_A_UNIT})")),
    ("roman", re.compile(r"\s*(I{1,3}|IV|VI{0,3}|IX|X|[Ⅰ-Ⅻ])(?:\s*[、.]|\s)")),
)
_STRONG = ("part", "chapter", "section", "article")
_MARKDOWN = re.compile(r"\s{0,3}(#{1,6})\s+")
_LIST_LEAD = re.compile(r"(?::|(?:如下|以下|下列|步骤|流程|程序|分[0-9一二两三四五六七八九十]+步)[^。;]*)$")
_STEPS_TITLE = re.compile(r"(?:流程|步骤|程序)$")
_SENTENCE = re.compile(r"[。；;，,：:！？]")
_TITLE_IN = re.compile(r"\s*[【\[(〔]([^】\])〕]{2,20})[】\])〕]\s*")
_SPACED_TITLE = re.compile(r"[ \t\u3000]*([\u4e00-\u9fff]{2,12})(?:\u3000|[ \t]{2})[ \t\u3000]{0,3}(?=\S{8})")
LONGEST_TITLE = 24


@dataclass(frozen=True, slots=True)
class Cut:
    """A clause: its number (unique in the document), title, the number of its chapter, and its place in the text."""

    number: str
    title: str
    chapter: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Outline:
    """A document cut up. `chapters`: number and title, each after the one it stands under."""

    title: str
    chapters: tuple[tuple[str, str], ...]
    clauses: tuple[Cut, ...]
    wrapped: bool


@dataclass(slots=True)
class _Node:
    style: str
    value: int
    suffix: str
    start: int  # of the line
    body: int  # behind the number
    end: int = 0
    level: int = 0
    children: list[_Node] = field(default_factory=list)

    def own_end(self) -> int:
        return self.children[0].start if self.children else self.end


def cut(text: str, outline: Iterable[tuple[int, int]] = (), *, wrapped: bool | None = None) -> Outline:
    """The clauses of a text. `outline`: offsets of lines that are headings by their style, with their level;
    `wrapped`: whether lines end where the page did (None = judged by the text).

    Nothing of the text is lost: what stands before the first heading is the title and, where it is more, a clause of
    its own (number 0); a text without headings is cut into its paragraphs.
    """
    wrapped = is_wrapped(text) if wrapped is None else wrapped
    roots, first = _tree(text, dict(outline))
    title, preface = _title(text, first)
    chapters: list[tuple[str, str]] = []
    clauses: list[Cut] = []
    if preface is not None:
        clauses.append(Cut("0", _excerpt(text, *preface), "", *preface))
    if not roots:
        clauses = list(_paragraphs(text, preface))
    numbering = _Numbering(text, roots, wrapped=wrapped)
    for i, node in enumerate(roots, 1):
        numbering.walk(node, (), i, chapters, clauses)
    return Outline(title, tuple(chapters), tuple(_unique(clauses)), wrapped)


def _lines(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for line in text.splitlines(keepends=True):
        yield at, at + len(line.rstrip("\r\n\v\f\x85\u2028\u2029"))
        at += len(line)


def _tree(text: str, outline: dict[int, int]) -> tuple[list[_Node], int]:
    """The headings as trees, and where the first one begins (the text's length where there is none)."""
    folded = simplify(text.translate(_WIDTH))
    roots: list[_Node] = []
    stack: list[_Node] = []
    lonely_top = _lonely_top(folded, outline)
    for start, end in _lines(text):
        node = _heading(folded, start, end, outline, stack, lonely_top)
        if node is None:
            continue
        while stack and not _above(stack[-1], node, stack):
            stack.pop()
        (stack[-1].children if stack else roots).append(node)
        stack.append(node)
    _close(roots, len(text))
    return roots, roots[0].start if roots else len(text)


def _lonely_top(folded: str, outline: dict[int, int]) -> int:
    """Where the one heading of the highest level stands that is the document's title; -1 without one."""
    levels = dict(outline)
    for start, end in _lines(folded):
        if found := _MARKDOWN.match(folded, start, end):
            levels[start] = len(found[1])
    top = min(levels.values(), default=0)
    at = [start for start, level in levels.items() if level == top]
    return at[0] if len(at) == 1 and at[0] == min(levels) and len(levels) > 1 else -1


def _heading(
    folded: str, start: int, end: int, outline: dict[int, int], stack: list[_Node], lonely_top: int
) -> _Node | None:
    if start == lonely_top:
        return None
    body, level = start, outline.get(start, 0)
    if found := _MARKDOWN.match(folded, start, end):
        body, level = found.end(), len(found[1])
    if level:
        inner = next(
            (n for s, p in _PATTERNS if (m := p.match(folded, body, end)) and (n := _numbered(s, m, body))),
            None,
        )
        if inner is not None and inner.style in _STRONG:
            return inner
        return _Node(
            "outline", inner.value if inner else 0, "", start, inner.body if inner else body, level=level
        )
    for style, pattern in _PATTERNS:
        match = pattern.match(folded, body, end)
        if match is None:
            continue
        node = _numbered(style, match, start)
        if node is not None and (style in _STRONG or _goes_on(node, stack, match)):
            return node
    return None


def _numbered(style: str, match: re.Match[str], start: int) -> _Node | None:
    raw = re.sub(r"\s", "", match[1]).translate(_FORMAL)
    if style == "decimal":
        values = [int(v) for v in raw.split(".")]
        return _Node(f"decimal-{len(values)}", values[-1], raw, start, match.end())
    if style == "roman":
        value = _ROMAN.get(raw) or _ROMAN_SIGNS.get(raw, 0)
    else:
        found = number(raw.translate(str.maketrans("OolI", "0011")) if raw[0] not in HAN else raw)
        value = int(found) if found is not None else 0
    suffix = ""
    if style == "article" and match[2]:
        after = number(re.sub(r"\s", "", match[2]))
        suffix = f"-{int(after)}" if after is not None else ""
    return _Node(style, value, suffix, start, match.end()) if value else None


def _goes_on(node: _Node, stack: list[_Node], match: re.Match[str]) -> bool:
    """True where the number counts on from the last of its style, or begins a new row."""
    if node.style.startswith("decimal"):
        head = node.suffix.rpartition(".")[0]
        same = next((n for n in reversed(stack) if n.style == node.style), None)
        if same is not None and same.suffix.rpartition(".")[0] == head:
            return node.value == same.value + 1
        above = next(
            (n for n in reversed(stack) if n.style == "digit" or n.style.startswith("decimal")), None
        )
        if node.value not in (0, 1):
            return False
        if above is None:
            return True
        reached = above.suffix or str(above.value)
        return head == reached or head.startswith(reached + ".") or _next_of(reached, head)
    last = next((n for n in reversed(stack) if n.style == node.style), None)
    return node.value == 1 if last is None else node.value == last.value + 1


def _next_of(reached: str, head: str) -> bool:
    """2.3 -> 2.4 or 3: the row above went on without a heading of its own."""
    parts, wanted = reached.split("."), head.split(".")
    return len(wanted) <= len(parts) and wanted > parts[: len(wanted)]


def _above(higher: _Node, node: _Node, stack: list[_Node]) -> bool:
    """True where the open heading stands above the new one."""
    if node.style == "outline":
        return higher.style == "outline" and higher.level < node.level
    if higher.style == "outline":
        return True
    if node.style in _STRONG:
        return higher.style in _STRONG and _STRONG.index(higher.style) < _STRONG.index(node.style)
    if node.style.startswith("decimal") and higher.style.startswith("decimal"):
        return higher.style < node.style
    return node.style not in {n.style for n in stack}


def _close(nodes: list[_Node], end: int) -> None:
    for node, stop in zip(nodes, [*(n.start for n in nodes[1:]), end], strict=bool(nodes)):
        node.end = stop
        _close(node.children, node.end)


class _Numbering:
    """Walks the tree and gives clauses their numbers."""

    def __init__(self, text: str, roots: list[_Node], *, wrapped: bool) -> None:
        self.text = text
        self.wrapped = wrapped
        articles = [n for n in _all(roots) if n.style == "article"]
        self.has_articles = bool(articles)
        values = [(n.value, n.suffix) for n in articles]
        self.articles_restart = len(values) != len(set(values))

    def walk(
        self,
        node: _Node,
        path: tuple[int, ...],
        ordinal: int,
        chapters: list[tuple[str, str]],
        clauses: list[Cut],
    ) -> None:
        value = node.value or ordinal
        chapter = ".".join(map(str, path))
        if node.style == "article":
            number = f"{node.value}{node.suffix}"
            if self.articles_restart and chapter:
                number = f"{chapter}.{number}"
            clauses.append(self._cut(node, number, chapter))
            return
        here = (*path, value)
        number = ".".join(map(str, here[:5]))
        if not node.children or self._is_list(node):
            clauses.append(self._cut(node, number, chapter))
            return
        title, body = self._title(node)
        chapters.append((number, title or number))
        if plain(self.text[body : node.own_end()]):
            clauses.append(
                Cut(number, title or _excerpt(self.text, body, node.own_end()), number, body, node.own_end())
            )
        for i, child in enumerate(node.children, 1):
            self.walk(child, here, i, chapters, clauses)

    def _is_list(self, node: _Node) -> bool:
        """A heading whose numbered lines are items of its sentence, not clauses."""
        if any(n.style in (*_STRONG, "outline") for n in node.children):
            return False
        own = plain(self.text[node.body : node.own_end()])
        if _LIST_LEAD.search(own) and not _STEPS_TITLE.fullmatch(own):
            return not own.endswith(("流程", "步骤", "程序")) or self._short(node)
        return bool(_STEPS_TITLE.search(own)) and self._short(node)

    def _short(self, node: _Node) -> bool:
        return all(not n.children and len(plain(self.text[n.body : n.end])) <= 40 for n in node.children)

    def _title(self, node: _Node) -> tuple[str, int]:
        """The title on the heading's line, and where the text behind it begins."""
        end = node.own_end()
        stop = self.text.find("\n", node.body, end)
        line_end = end if stop < 0 else stop
        line = plain(self.text[node.body : line_end])
        if line and len(line) <= LONGEST_TITLE and not _SENTENCE.search(line):
            return rejoined(self.text, node.body, line_end), line_end
        return "", node.body

    def _cut(self, node: _Node, number: str, chapter: str) -> Cut:
        text, body = self.text, node.body
        title = ""
        if found := _TITLE_IN.match(text, body, node.end):
            title, body = rejoined(text, *found.span(1)), found.end()
        else:
            title, after = self._title(node) if not self.wrapped else ("", body)
            if title and plain(text[after : node.end]):
                body = after
            elif not self.wrapped and (spaced := _SPACED_TITLE.match(text, body, node.end)):
                title, body = rejoined(text, *spaced.span(1)), spaced.end()
        start, end = _trim(text, body, node.end)
        return Cut(number, title or _excerpt(text, start, end), chapter, start, end)


def _all(nodes: list[_Node]) -> Iterator[_Node]:
    for node in nodes:
        yield node
        yield from _all(node.children)


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The span without white space around it; never empty where the text is not."""
    while end > start and text[end - 1].isspace():
        end -= 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _title(text: str, first: int) -> tuple[str, tuple[int, int] | None]:
    """The document's title (its first line before the headings) and what else stands before them."""
    title, rest = "", 0
    for start, end in _lines(text[:first]):
        if text[start:end].strip():
            mark = _MARKDOWN.match(text, start, end)
            title, rest = rejoined(text, mark.end() if mark else start, end), end
            break
    if len(title) > 60 or title.endswith("。"):
        title, rest = "", 0
    start, end = _trim(text, rest, first)
    return title, (start, end) if end > start and "。" in plain(text[start:end]) else None


def _paragraphs(text: str, preface: tuple[int, int] | None) -> Iterator[Cut]:
    """A text without headings: its paragraphs, numbered."""
    if preface is None:
        return
    at = 0
    for start, end in _lines(text):
        start, end = _trim(text, max(start, preface[0]), min(end, preface[1]))
        if end > start:
            at += 1
            yield Cut(str(at), _excerpt(text, start, end), "", start, end)


def _excerpt(text: str, start: int, end: int) -> str:
    """A title made of the first words of a clause."""
    words = re.split(r"[,，。;；:：!！?？\n]", rejoined(text, start, min(end, start + 200)), maxsplit=1)[0]
    return words if len(words) <= LONGEST_TITLE else words[: LONGEST_TITLE - 1] + "…"


def _unique(clauses: list[Cut]) -> Iterator[Cut]:
    seen: dict[str, int] = {}
    for clause in clauses:
        count = seen[clause.number] = seen.get(clause.number, 0) + 1
        if count == 1:
            yield clause
        else:
            yield Cut(f"{clause.number}-{count}", clause.title, clause.chapter, clause.start, clause.end)

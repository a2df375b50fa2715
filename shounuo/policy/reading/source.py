"""A file as a tree of values that know their line, and the list of everything found wrong in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from django.utils.translation import gettext_lazy as _

from shounuo.kernel.errors import Invalid

MAX_BYTES = 2 * 1024 * 1024
MAX_DEPTH = 16
MAX_ERRORS = 200


@dataclass(slots=True)
class Src:
    """A value with its line. `value`: a dict of text -> Src, a list of Src, or a scalar; `raw` is a scalar as typed.

    `key_line` is the line of the key it stands under (0 in a list): where a message about it points.
    """

    value: Any
    line: int = 0
    raw: str = ""
    key_line: int = 0

    @property
    def place(self) -> int:
        return self.key_line or self.line

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def is_scalar(self) -> bool:
        return not isinstance(self.value, dict | list)


@dataclass(frozen=True, slots=True)
class PackError:
    """One thing wrong: where, and what, with what is allowed. `str()` is the whole line in the active language."""

    file: str
    line: int
    clause: str
    rule: str
    field: str
    text: Any
    params: dict[str, Any]

    @property
    def message(self) -> str:
        """What is wrong, without the place."""
        return str(self.text) % self.params if self.params else str(self.text)

    @property
    def place(self) -> str:
        """The clause, rule and field, as far as known."""
        parts = []
        if self.clause:
            parts.append(str(_("条款 %(code)s")) % {"code": self.clause})
        if self.rule:
            parts.append(str(_("规则 %(name)s")) % {"name": self.rule})
        return " ".join(parts)

    def __str__(self) -> str:
        head = f"{self.file}:{self.line}" if self.line else self.file
        inside = self.message if not self.field else f"{self.field} {self.message}"
        return f"{head}: {self.place}: {inside}" if self.place else f"{head}: {inside}"


class PackInvalid(Invalid):
    """A pack with errors, all of them, in the order of the file."""

    code = "pack_invalid"

    def __init__(self, errors: list[PackError]) -> None:
        super().__init__(_("制度包有错误"), field="source", errors=errors)
        self.errors = errors

    def __str__(self) -> str:
        return "\n".join(str(e) for e in self.errors)


@dataclass(slots=True)
class Report:
    """Collects errors while reading; `clause` and `rule` say where the reader stands."""

    file: str
    clause: str = ""
    rule: str = ""
    errors: list[PackError] = field(default_factory=list)

    def add(self, at: Src | int, field: str, text: Any, **params: Any) -> None:
        """Notes an error at a value or line. `field` is the key it concerns, "" for the whole."""
        line = at if isinstance(at, int) else at.place
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(PackError(self.file, line, self.clause, self.rule, field, text, params))

    def done(self) -> None:
        """Raises what was collected, in order of the lines."""
        if self.errors:
            raise PackInvalid(sorted(self.errors, key=lambda e: e.line))


def tree(text: str, report: Report) -> Src | None:
    """The tree of a YAML text; None when it cannot be read at all, with the reason in the report.

    Aliases, tags and more than one document are refused: a pack says what it means in place.
    """
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        report.add(0, "", _("文件超过 %(mb)d MB"), mb=MAX_BYTES // 1024 // 1024)
        return None
    try:
        return _Builder(report).build(text)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark if error.problem_mark is not None else error.context_mark
        report.add(
            (mark.line + 1) if mark is not None else 0,
            "",
            _("不是有效的 YAML：%(why)s"),
            why=error.problem or error.context,
        )
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        report.add(line, "", _("含有不允许的字符 %(char)s"), char=f"U+{_codepoint(error.character):04X}")
    return None


def of_plain(value: Any) -> Src:
    """A tree of plain data (a stored rule body), without lines."""
    if isinstance(value, dict):
        return Src({str(k): of_plain(v) for k, v in value.items()})
    if isinstance(value, list):
        return Src([of_plain(v) for v in value])
    raw = "" if value is None else ("true" if value else "false") if isinstance(value, bool) else str(value)
    return Src(value, raw=raw)


def _codepoint(character: Any) -> int:
    return character if isinstance(character, int) else ord(character)


class _Builder:
    """Builds the tree from YAML's events, so that depth is bounded and nothing is expanded."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self.resolver: Any = yaml.SafeLoader("")
        self.root: Src | None = None
        self.stack: list[tuple[Src, list[Src]]] = []  # an open list or map, and the pending key of the map

    def build(self, text: str) -> Src | None:
        documents = 0
        stream: Any = yaml.parse(text, Loader=yaml.SafeLoader)
        for event in stream:
            line = event.start_mark.line + 1
            tag = getattr(event, "tag", None)
            if tag is not None:
                self.report.add(line, "", _("不支持 YAML 标签 %(tag)s"), tag=tag)
                return None
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.report.add(line, "", _("一个文件只能写一个制度包（不要用 --- 分隔）"))
                    return None
            elif isinstance(event, yaml.AliasEvent):
                self.report.add(
                    line, "", _("不支持 YAML 引用（*%(name)s），请直接写出内容"), name=event.anchor
                )
                return None
            elif isinstance(event, yaml.ScalarEvent):
                self._put(self._scalar(event, line))
            elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
                if len(self.stack) >= MAX_DEPTH:
                    self.report.add(line, "", _("嵌套超过 %(depth)d 层"), depth=MAX_DEPTH)
                    return None
                opened = Src([] if isinstance(event, yaml.SequenceStartEvent) else {}, line)
                self._put(opened)
                self.stack.append((opened, []))
            elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
                self.stack.pop()
        if self.root is None:
            self.report.add(1, "", _("文件是空的"))
        return self.root

    def _scalar(self, event: yaml.ScalarEvent, line: int) -> Src:
        tag: str = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        node = yaml.ScalarNode(tag, event.value)
        kind = tag.rpartition(":")[2]
        value: Any = event.value
        try:
            if kind == "null":
                value = None
            elif kind == "bool":
                value = self.resolver.construct_yaml_bool(node)
            elif kind == "int" and event.value.lstrip("+-").isdigit():
                value = int(event.value)
            elif kind == "float":
                value = float(event.value.replace("_", ""))
        except ValueError:
            value = event.value
        return Src(value, line, event.value)

    def _put(self, item: Src) -> None:
        if not self.stack:
            self.root = item
            return
        holder, pending = self.stack[-1]
        if holder.is_list:
            holder.value.append(item)
        elif not pending:
            if not item.is_scalar or item.value is None:
                self.report.add(item, "", _("键须是一个词"))
                item = Src(f"?{item.line}", item.line, f"?{item.line}")
            elif item.raw in holder.value:
                self.report.add(
                    item,
                    item.raw,
                    _("写了两次（第一次在第 %(first)d 行）"),
                    first=holder.value[item.raw].place,
                )
            pending.append(item)
        else:
            key = pending.pop()
            item.key_line = key.line
            holder.value[key.raw] = item

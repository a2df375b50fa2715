"""HTML from outside: a safe form for showing it in a page, and a plain one for reading and searching.

nh3 (html5ever) parses as browsers do and keeps an allow-list; nothing here decides on safety by pattern.
What is added around it: remote images do not load by themselves, images that came with the mail do, and the
work is bounded, because a parser that follows the standard needs quadratic time for hostile nesting.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape, unescape
from typing import Final
from urllib.parse import unquote

import nh3

from shounuo.kernel.text import clean

_LIMIT: Final = 2_000_000
_TAGS_LIMIT: Final = 20_000
_TAGS_UNCHECKED: Final = 3_000
_DEPTH_LIMIT: Final = 400
_NODES_LIMIT: Final = 1_000_000


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TAGS: Final = _words("""
    a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del
    details dfn div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li
    main mark ol p pre q rp rt ruby s samp section small span strike strong sub summary sup table tbody
    td tfoot th thead time tr tt u ul var wbr""")
# Their content is no text for a reader. Of everything else that is not allowed the content stays.
_DROPPED: Final = _words("""
    script style title svg math template iframe object applet noembed noframes noscript audio video
    canvas""")
_ATTRIBUTES: Final[dict[str, set[str]]] = {
    "*": {"dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "abbr": {"title"},
    "ol": {"start", "type", "reversed"},
    "li": {"value"},
    "table": {"width", "align", "border", "cellpadding", "cellspacing"},
    "tr": {"align", "valign"},
    **{cell: {"align", "valign", "colspan", "rowspan", "width"} for cell in ("td", "th")},
    **{column: {"span", "width"} for column in ("col", "colgroup")},
    **{block: {"align"} for block in ("p", "div", "h1", "h2", "h3", "h4", "h5", "h6")},
}
_NUMBER: Final = re.compile(r"\d{1,4}%?$")
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,34}$")
_NUMERIC: Final = _words("width height border cellpadding cellspacing colspan rowspan span start value")
_LINK: Final = re.compile(r"(?:https?://|mailto:|tel:)[^\s<>\"'`]+$", re.IGNORECASE)
_INLINE_IMAGE: Final = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$")
_LOCAL_IMAGE: Final = re.compile(r"/(?![/\\])[^\s<>\"'`\\]*$")


@dataclass(frozen=True, slots=True)
class SafeHtml:
    """HTML for a page: `simplified` says that it was too large or too deeply nested to keep its layout."""

    html: str
    had_remote_images: bool
    simplified: bool = False


def sanitise(html: str, cid_map: Mapping[str, str] | None = None) -> SafeHtml:
    """`html` with an allow-list of tags and attributes, no styles, scripts, forms or frames.

    Remote images keep their address in `data-src` and do not load until a page copies it to `src`. Images
    named `cid:` become what `cid_map` says (content id without brackets -> path on this site, or `data:` of a
    PNG, JPEG, GIF or WebP), or lose their source. Links open elsewhere, without referrer. Never raises.
    """
    source, simplified = _bounded(html)
    images = cid_map or {}
    # Only our own filter can write this mark into an attribute, and only a real attribute has a bare quote.
    mark = secrets.token_hex(8)
    safe = nh3.clean(
        source,
        tags=set(_TAGS),
        clean_content_tags=set(_DROPPED),
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(images, mark),
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        url_relative="deny",
    )
    safe = safe.replace(f' src="own-{mark}:', ' src="')
    shown = safe.replace(f' src="remote-{mark}:', ' data-src="')
    return SafeHtml(shown, len(shown) != len(safe), simplified)


def _filter(images: Mapping[str, str], mark: str) -> Callable[[str, str, str], str | None]:
    def kept(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "src":
            return _image(value.strip(), images, mark)
        if attribute == "href":
            link = re.sub(r"[\x00-\x20\x7f]+", "", value) if len(value) <= 4000 else ""
            return link if _LINK.match(link) else None
        if attribute in {"alt", "title"}:
            return value[:500]
        if attribute in {"rel", "target"}:
            return value
        if attribute in _NUMERIC:
            return value if _NUMBER.match(value) else None
        return value if _WORD.match(value) else None

    return kept


def _image(source: str, images: Mapping[str, str], mark: str) -> str | None:
    if source[:4].lower() == "cid:":
        name = source[4:].strip()
        target = images.get(name) or images.get(unquote(name)) or images.get(name.strip("<>")) or ""
        return f"own-{mark}:{target}" if _LOCAL_IMAGE.match(target) or _INLINE_IMAGE.match(target) else None
    if len(source) <= 4000 and _LINK.match(source) and source[:4].lower() == "http":
        return f"remote-{mark}:{source}"
    return None


_FORMATTING: Final = "b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u"
_FORMATTING_OPEN: Final = re.compile(rf"<({_FORMATTING})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_FORMATTING_ANY: Final = re.compile(rf"</?(?:{_FORMATTING})(?=[\s/>])[^<>]*>", re.IGNORECASE)
_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)[^<>]*>")
_VOID: Final = _words("area base br col embed hr img input link meta param source track wbr")
_DROPPED_OPEN: Final = re.compile(r"<(script|style|title|svg|math)(?=[\s/>])", re.IGNORECASE)
_BREAKING: Final = _words("p div tr table li ul ol h1 h2 h3 h4 h5 h6 blockquote pre dl dt dd section")


def _bounded(html: str) -> tuple[str, bool]:
    """What may be given to the parser, and whether its layout had to go."""
    html = clean(html[:_LIMIT])
    tags = html.count("<")
    if tags <= _TAGS_UNCHECKED:
        formats = sum(1 for _ in _FORMATTING_OPEN.finditer(html))
        if formats * tags > _NODES_LIMIT:
            # Unclosed formatting is repeated in every block. Without attributes at most three of a kind are.
            html = _FORMATTING_OPEN.sub(r"<\1>", html)
        return html, False
    html = _FORMATTING_OPEN.sub(r"<\1>", html)
    if tags <= _TAGS_LIMIT and _depth(html) <= _DEPTH_LIMIT:
        return html, False
    flat = _TAG.sub(_flat, _without_dropped(_FORMATTING_ANY.sub("", html)))
    if flat.count("<") > 3 * _TAGS_LIMIT or _deep(flat):
        flat = escape(_TAG.sub(" ", flat)).replace("\n", "<br>")
    return flat, True


def _without_dropped(html: str) -> str:
    """Without the content of scripts, styles and the like, in one pass whatever is left open."""
    kept: list[str] = []
    position = 0
    unclosed: set[str] = set()
    for match in _DROPPED_OPEN.finditer(html):
        name = match[1].lower()
        if match.start() < position or name in unclosed:
            continue
        end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(html, match.end())
        if end is None:
            unclosed.add(name)
            continue
        kept.append(html[position : match.start()])
        position = end.end()
    kept.append(html[position:])
    return " ".join(kept)


def _depth(html: str) -> int:
    depth = deepest = 0
    for match in _TAG.finditer(html):
        if match[1]:
            depth -= depth > 0
        elif match[2].lower() not in _VOID:
            depth += 1
            deepest = max(deepest, depth)
    return deepest


def _deep(flat: str) -> bool:
    """True when tags are left that could nest: those whose attributes hold angle brackets."""
    nesting = sum(1 for match in re.finditer(r"<([a-zA-Z][^\s/<>]*)", flat) if match[1].lower() not in _FLAT)
    return nesting > _TAGS_UNCHECKED


_FLAT: Final = frozenset(("a", "img", "br"))


def _flat(match: re.Match[str]) -> str:
    name = match[2].lower()
    if name in _FLAT:
        return match[0]
    if name in _BREAKING:
        return "" if match[1] else "<br>"
    return " " if name in {"td", "th"} else ""


_TEXT_TAGS: Final = _words("""
    a address article blockquote br caption center dd details div dl dt figcaption figure footer h1 h2
    h3 h4 h5 h6 header hr img li main ol p pre section summary table tbody td tfoot th thead tr ul""")
_TOKEN: Final = re.compile(r"<(/?)([a-z0-9]+)((?: [^>]*)?)>|([^<]+)")
_HREF: Final = re.compile(r' href="([^"]*)"')
_ALT: Final = re.compile(r' alt="([^"]*)"')
_SPACE: Final = re.compile("[ \t\n\r\f]+")
_MANY_BREAKS: Final = re.compile(r"\n{3,}")
_PARAGRAPHS: Final = _words("p blockquote h1 h2 h3 h4 h5 h6 ul ol dl table pre figure")


def to_text(html: str) -> str:
    """`html` as a reader would write it down; never raises.

    Paragraphs, lists with `- ` or `1. `, cells divided by ` | `, quotes with `> `, links as
    `words (address)`, pictures by their alternative text.
    """
    source, _ = _bounded(html)
    canonical = nh3.clean(
        source,
        tags=set(_TEXT_TAGS),
        clean_content_tags=set(_DROPPED),
        attributes={"a": {"href"}, "img": {"alt"}},
        link_rel=None,
        url_schemes={"http", "https", "mailto", "tel"},
        url_relative="deny",
    )
    writer = _Writer()
    for match in _TOKEN.finditer(canonical):
        if match[4]:
            writer.text(unescape(match[4]))
        elif match[1]:
            writer.close(match[2])
        else:
            writer.open(match[2], match[3])
    return writer.result()


class _Writer:
    """Collects lines; what separates blocks is remembered and written before the next visible text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line = ""
        self.breaks = 0
        self.space = False
        self.quotes = 0
        self.quoted_before = 0
        self.pre = 0
        self.lists: list[int | None] = []
        self.links: list[tuple[str, int, int]] = []
        self.marker = ""

    def text(self, text: str) -> None:
        if self.pre:
            for number, line in enumerate(text.split("\n")):
                if number:
                    self.end_line()
                    self.breaks = 0
                self.put(line)
            return
        words = _SPACE.sub(" ", text)
        if words in {"", " "}:
            self.space = self.space or bool(words)
            return
        if words[0] == " ":
            self.space = True
        self.put(words.strip(" "))
        self.space = words[-1] == " "

    def put(self, text: str) -> None:
        if not text:
            return
        if self.breaks:
            self.end_line()
            if self.breaks > 1 and self.lines and self.lines[-1].strip("> "):
                self.lines.append("> " * min(self.quotes, self.quoted_before))
            self.breaks = 0
        if not self.line:
            indent = "  " * max(0, len(self.lists) - 1)
            self.line = "> " * self.quotes + (indent + self.marker if self.lists else "")
            self.marker = ""
            self.space = False
        self.line += (" " if self.space else "") + text
        self.space = False

    def end_line(self) -> None:
        if self.line:
            self.lines.append(self.line)
            self.line = ""
            self.quoted_before = self.quotes
        self.space = False

    def open(self, tag: str, attributes: str) -> None:
        if tag == "br":
            if not self.line and not self.breaks:
                self.lines.append("> " * self.quotes)
            self.end_line()
            return
        if tag == "a":
            href = _HREF.search(attributes)
            self.links.append((unescape(href[1]) if href else "", len(self.lines), len(self.line)))
            return
        if tag == "img":
            alt = _ALT.search(attributes)
            if alt and alt[1].strip():
                self.text(f"[{unescape(alt[1])}]")
            return
        if tag in {"td", "th"}:
            if self.line.strip("> ") and not self.breaks:
                self.line += " |"
                self.space = True
            return
        self.block(tag)
        if tag == "hr":
            self.put("---")
            self.breaks = 1
        elif tag in {"ul", "ol"}:
            self.lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            self.marker = "- "
            if self.lists and (number := self.lists[-1]) is not None:
                self.lists[-1] = number + 1
                self.marker = f"{number + 1}. "
        elif tag == "blockquote":
            self.flush()
            self.quotes = min(self.quotes + 1, 20)
        elif tag == "pre":
            self.pre += 1

    def close(self, tag: str) -> None:
        if tag == "a":
            self.close_link()
            return
        if tag in {"td", "th", "br"}:
            return
        self.block(tag)
        if tag in {"ul", "ol"} and self.lists:
            self.lists.pop()
        elif tag == "li":
            self.marker = ""
        elif tag == "blockquote":
            self.flush()
            self.quotes = max(0, self.quotes - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)

    def flush(self) -> None:
        if self.breaks:
            self.end_line()

    def block(self, tag: str) -> None:
        if self.line or self.lines:
            self.breaks = max(self.breaks, 2 if tag in _PARAGRAPHS and not self.lists else 1)

    def close_link(self) -> None:
        if not self.links:
            return
        href, lines, column = self.links.pop()
        if not href or href.startswith("tel:"):
            return
        shown = "\n".join([*self.lines[lines:], self.line]) if len(self.lines) > lines else self.line[column:]
        target = href.removeprefix("mailto:").split("?")[0] if href.startswith("mailto:") else href
        bare = re.sub(r"^https?://|/$", "", target)
        if bare and bare.lower() not in shown.lower():
            self.put(f"({target})" if self.space or not shown.strip() else f" ({target})")

    def result(self) -> str:
        self.end_line()
        text = "\n".join(line.rstrip() for line in self.lines).replace("\xa0", " ")
        return _MANY_BREAKS.sub("\n\n", text).strip("\n")

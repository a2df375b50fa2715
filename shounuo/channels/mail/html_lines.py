"""The lines that a reader would see of an HTML message, each with its place in the source.

A tolerant walk over the tags in one pass: it decides where to fold, never what is safe.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from shounuo.channels.mail.lines import Line

_TAG: Final = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)([^<>]*)>|<!--|<[!?/][^<>]*>")
_BLOCKS: Final = frozenset(
    (
        "address", "article", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset", "footer", "form",
        "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li", "main", "ol", "p", "pre", "section", "table",
        "tbody", "tfoot", "thead", "tr", "ul", "br", "includetail",
    )
)  # fmt: skip
_SKIPPED: Final = frozenset(("script", "style", "title", "head"))
_CONTAINERS: Final = frozenset(("div", "blockquote", "table", "span", "section", "article", "pre"))
_REGIONS_LIMIT: Final = 20
_ATTRIBUTES_LIMIT: Final = 2_000
# What programs call the place where the quoted message begins.
_HARD: Final = re.compile(
    r"""(?:id|name|class)\s*=\s*["']?(?:divRplyFwdMsg|appendonsend|replySplit|OLK_SRC_BODY_SECTION"""
    r"""|mail-editor-reference-message-container|reply139content|isForwardContent|origbody|ms-outlook-mobile-reference"""
    r"""|ntes-[a-z-]*reply|lark-mail-quote|history-quote-wrapper|__aliyun_previous|oriMsgHtmlSeperator)""",
    re.IGNORECASE,
)
_QUOTED: Final = re.compile(
    r"""(?:id|name|class)\s*=\s*["']?[^"'>]{0,80}?(?:gmail_quote|gmail_extra|yahoo_quoted|moz-cite-prefix|zmail_extra|protonmail_quote"""
    r"""|tutanota_quote|isReplyContent|ReferenceQuote|front-blockquote|skiff_quote|xm[-_]quote|foxmail_quote)""",
    re.IGNORECASE,
)
_SIGNED: Final = re.compile(
    r"""(?:id|name|class|data-smartmail)\s*=\s*["']?[^"'>]{0,60}?(?:gmail_signature|mail-?signature|ms-outlook-mobile-signature"""
    r"""|moz-signature|foxmail_?sign|ntes-[a-z-]*sign|xm_?signature|signContainer|(?<![a-z])signature(?![a-z])|neteasefooter)""",
    re.IGNORECASE,
)
_OUTLOOK_RULE: Final = re.compile(
    r"border:\s*none;\s*border-top:\s*solid\s*#(?:e1e1e1|b5c4df)", re.IGNORECASE
)
_SPACES: Final = re.compile(r"\s+")
_TEXT_LIMIT: Final = 600


class _Region:
    """A container by tag: open until as many of its tags are closed as were opened in it."""

    __slots__ = ("open", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.open = 1


def html_lines(html: str, limit: int) -> list[Line]:
    """Lines with their place, quoted and signed regions marked, at most `limit` of them."""
    lines: list[Line] = []
    words: list[str] = []
    quotes: list[_Region] = []
    signs: list[_Region] = []
    start = 0
    hard = False
    position = 0
    size = 0

    def end_line(at: int) -> None:
        nonlocal words, start, hard, size
        text = _SPACES.sub(" ", unescape("".join(words)).replace("\xa0", " ")).strip()
        if text or hard:
            quoted = bool(quotes) or text[:1] == ">"
            lines.append(Line(text[:_TEXT_LIMIT], start, quoted, hard, bool(signs)))
            start = at
            hard = False
        words, size = [], 0

    for match in _TAG.finditer(html):
        if match.start() < position:
            continue
        piece = html[position : match.start()]
        if piece and not piece.isspace():
            if size < _TEXT_LIMIT * 3:
                words.append(piece[: _TEXT_LIMIT * 3])
                size += len(piece)
        elif piece:
            words.append(" ")
        position = match.end()
        if match[2] is None:
            if match[0] == "<!--":
                close = html.find("-->", position)
                position = len(html) if close < 0 else close + 3
            continue
        closing, name, attributes = bool(match[1]), match[2].lower(), match[3][:_ATTRIBUTES_LIMIT]
        if name in _SKIPPED and not closing:
            close_tag = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(html, position)
            if close_tag is None:
                return lines  # a browser shows nothing of what follows
            position = close_tag.end()
            continue
        if name in _BLOCKS:
            end_line(match.end() if closing or name == "br" else match.start())
            if name == "hr":
                words = ["---"]
                end_line(match.end())
            if len(lines) >= limit:
                return lines
        elif name in {"td", "th"} and not closing and words:
            words.append(" | ")
        if name not in _CONTAINERS and not (attributes and "=" in attributes):
            continue
        if closing:
            _close(quotes, name)
            _close(signs, name)
            continue
        for region in (quotes, signs):
            for one in region:
                one.open += one.tag == name
        if _HARD.search(attributes) or (name == "div" and _OUTLOOK_RULE.search(attributes)):
            end_line(match.start())
            hard = True
        elif name == "blockquote" or (name in _CONTAINERS and _QUOTED.search(attributes)):
            if name not in _BLOCKS:
                end_line(match.start())
            if len(quotes) < _REGIONS_LIMIT:
                quotes.append(_Region(name))
        elif name in _CONTAINERS and _SIGNED.search(attributes):
            if name not in _BLOCKS:
                end_line(match.start())
            if len(signs) < _REGIONS_LIMIT:
                signs.append(_Region(name))
    tail = html[position:]
    if tail.strip():
        words.append(tail[: _TEXT_LIMIT * 3])
    end_line(len(html))
    return lines


def _close(regions: list[_Region], name: str) -> None:
    for one in regions:
        one.open -= one.tag == name
    while regions and regions[-1].open <= 0:
        regions.pop()

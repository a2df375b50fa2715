"""How our mails look in HTML: a letter that reads like one, with its way to the progress page; a sign-in code.

The same words stand in the plain part. Mail programs know neither our style sheets nor custom properties, so colours are
written out, light ones in place and dark ones for those programs that ask for them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _

_FACE: Final = (
    "-apple-system,BlinkMacSystemFont,'Segoe UI','PingFang SC','Microsoft YaHei UI','Microsoft YaHei',"
    "'Noto Sans CJK SC',sans-serif"
)
_DARK: Final = (
    "@media (prefers-color-scheme:dark){.m-page{background:#151b19!important}.m-ink{color:#e6ece9!important}"
    ".m-ink2{color:#b3bdb8!important}.m-ink3{color:#8f9a95!important}.m-line{border-color:#3a4541!important}"
    ".m-best{border-color:#52c0a6!important}.m-link{color:#52c0a6!important}"
    ".m-btn{background:#17786a!important;color:#fff!important}}"
)
_URL: Final = re.compile(r"https?://[^\s<>\"'（）“”，。；、！？]+[^\s<>\"'（）“”，。；、！？.,;:!?)]")


@dataclass(frozen=True, slots=True)
class Way:
    """A way out that the customer may choose, as a card."""

    title: str
    cost: str
    when: str
    pros: str
    cons: str
    steps: str
    recommended: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says, in its parts: the plain and the HTML form are made of the same ones.

    `url` is the progress page, empty without a public address; `quoted` what the customer wrote last.
    """

    text: str
    note: str
    signature: str
    url: str
    quoted: str
    ways: Sequence[Way] = ()

    def plain(self, text: str) -> str:
        """The mail's text around `text`, which says the ways in words."""
        parts = [text, self.note, f"-- \n{self.signature}" if self.signature else ""]
        if self.url:
            parts.append(_("查看进度和回复：%(url)s") % {"url": self.url})
        if self.quoted:
            parts.append(_("您写道：") + "\n" + "\n".join(f"> {line}" for line in self.quoted.split("\n")))
        return "\n\n".join(filter(None, parts)) + "\n"

    def html(self) -> str:
        """The same as a page of HTML."""
        blocks = [_paragraphs(self.text), *(_way(one) for one in self.ways)]
        if self.note:
            blocks.append(_paragraphs(self.note))
        if self.url:
            label = _("选一个办法") if self.ways else _("查看进度和回复")
            blocks.append(
                f'<p style="margin:20px 0 4px"><a class="m-btn" href="{escape(self.url)}" style="display:inline-block;'
                "padding:9px 18px;font-size:15px;line-height:22px;font-weight:600;color:#fff;background:#0b6b5b;"
                f'border-radius:6px;text-decoration:none">{escape(label)}</a></p>'
            )
        if self.signature:
            blocks.append(
                '<div class="m-ink3 m-line" style="margin-top:20px;padding-top:12px;font-size:13px;line-height:20px;'
                f'color:#616c66;border-top:1px solid #e2e6e2">{_lines(self.signature)}</div>'
            )
        if self.quoted:
            blocks.append(
                '<p class="m-ink3" style="margin:20px 0 4px;font-size:13px;line-height:20px;color:#616c66">'
                f'{escape(_("您写道："))}</p><blockquote type="cite" class="m-ink3 m-line" style="margin:0;'
                'padding:0 0 0 12px;font-size:14px;line-height:24px;color:#616c66;border-left:2px solid #cfd6d1">'
                f"{_lines(self.quoted)}</blockquote>"
            )
        return page("".join(blocks))


def code_page(code: str, *, organisation: str, lead: str, note: str) -> str:
    """A mail whose one matter is a code: it stands large enough to be typed off from across a table."""
    return page(
        f'<p class="m-ink3" style="margin:0 0 16px;font-size:13px;line-height:20px;color:#616c66">{escape(organisation)}</p>'
        f'<p style="margin:0">{escape(lead)}</p>'
        '<p class="m-ink" style="margin:8px 0 12px;font-size:32px;line-height:44px;font-weight:600;letter-spacing:6px;'
        f'color:#16201c">{escape(code)}</p>'
        f'<p class="m-ink2" style="margin:0;font-size:14px;line-height:22px;color:#47534d">{escape(note)}</p>'
    )


def page(body: str) -> str:
    """The frame of every mail around HTML of our own."""
    language = "zh-Hans" if (get_language() or "zh").startswith("zh") else "en"
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark">'
        f'<style>{_DARK}</style></head><body class="m-page" style="margin:0;padding:0;background:#fff">'
        '<div class="m-ink" style="max-width:640px;padding:20px 16px 28px;font-family:'
        f'{_FACE};font-size:15px;line-height:26px;color:#16201c">{body}</div></body></html>'
    )


def _way(one: Way) -> str:
    edge = "2px solid #0b6b5b" if one.recommended else "1px solid #cfd6d1"
    facts = " · ".join(filter(None, (one.when, *one.pros.splitlines())))
    lines = [
        '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="border-collapse:collapse"><tr>'
        f'<td class="m-ink" style="font-size:15px;line-height:24px;font-weight:600;color:#16201c">{escape(one.title)}</td>'
        '<td class="m-ink" align="right" style="padding-left:12px;font-size:15px;line-height:24px;font-weight:600;'
        f'white-space:nowrap;color:#16201c">{escape(one.cost)}</td></tr></table>'
    ]
    small = '<div class="{}" style="font-size:14px;line-height:22px;color:{}">{}</div>'
    if facts:
        lines.append(small.format("m-ink2", "#47534d", escape(facts)))
    if one.steps:
        steps = " → ".join(line.strip() for line in one.steps.splitlines() if line.strip())
        lines.append(small.format("m-ink2", "#47534d", escape(_("步骤：%(steps)s") % {"steps": steps})))
    if one.cons:
        cons = _("；").join(line.strip() for line in one.cons.splitlines() if line.strip())
        lines.append(small.format("m-ink3", "#616c66", escape(_("注意：%(text)s") % {"text": cons})))
    best = "m-best" if one.recommended else "m-line"
    return f'<div class="{best}" style="margin:12px 0 0;padding:11px 14px;border:{edge};border-radius:10px">{"".join(lines)}</div>'


def _paragraphs(text: str) -> str:
    blocks = [block for block in re.split(r"\n\s*\n", text.strip("\n")) if block.strip()]
    return "".join(f'<p style="margin:0 0 12px">{_lines(block)}</p>' for block in blocks)


def _lines(text: str) -> str:
    """Escaped, line ends kept, addresses of pages made links."""
    out: list[str] = []
    last = 0
    for match in _URL.finditer(text):
        url = escape(match[0])
        out += [
            escape(text[last : match.start()]),
            f'<a class="m-link" href="{url}" style="color:#0b6b5b">{url}</a>',
        ]
        last = match.end()
    out.append(escape(text[last:]))
    return "".join(out).replace("\n", "<br>")

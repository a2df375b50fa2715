"""Ways out in words: what a customer reads of them where no cards can be shown, and a message without those words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _


def in_words(options: Sequence[Mapping[str, Any]]) -> str:
    """The options, each with title, pros, cons, steps, time and cost, as text in the language of now."""
    blocks = []
    for i, o in enumerate(options, start=1):
        lines = [_("方案 %(n)s：%(title)s") % {"n": i, "title": o["title"]}]
        for label, name in (
            (_("好处"), "pros"),
            (_("不足"), "cons"),
            (_("步骤"), "steps"),
            (_("所需时间"), "time"),
            (_("费用"), "cost"),
        ):
            if o[name]:
                lines.append(_("%(label)s：%(text)s") % {"label": label, "text": o[name]})
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def without_options(text: str, options: Sequence[Mapping[str, Any]]) -> str:
    """The message without the words that `in_words` put at its end, in whichever language they were written: for
    places that show the options themselves."""
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            words = in_words(options)
        if text.endswith(words):
            return text[: -len(words)].rstrip()
    return text

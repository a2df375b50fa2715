"""Chinese names by sound: the initials people type and a key that sorts them, both plain ASCII columns.

The embedded PostgreSQL has no ICU, so names are never ordered by the database's own collation.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from shounuo.kernel.text.cleaning import clean_line, fold_width

_PIECES: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+|[^\W_]+")
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+")
# Surnames whose reading differs from the character's usual one.
_SURNAMES: Final[dict[str, tuple[str, ...]]] = {
    "单": ("shan4",), "曾": ("zeng1",), "解": ("xie4",), "仇": ("qiu2",), "查": ("zha1",), "区": ("ou1",),
    "朴": ("piao2",), "盖": ("ge3",), "翟": ("zhai2",), "任": ("ren2",), "华": ("hua4",), "宁": ("ning4",),
    "覃": ("qin2",), "冼": ("xian3",), "员": ("yun4",), "种": ("chong2",), "缪": ("miao4",), "繁": ("po2",),
    "逄": ("pang2",), "郗": ("xi1",), "晁": ("chao2",), "召": ("shao4",), "秘": ("bi4",), "洗": ("xian3",),
    "万俟": ("mo4", "qi2"), "尉迟": ("yu4", "chi2"), "长孙": ("zhang3", "sun1"), "单于": ("chan2", "yu2"),
    "澹台": ("tan2", "tai2"), "令狐": ("ling2", "hu2"), "宿": ("su4",), "折": ("she2",), "那": ("na1",),
}  # fmt: skip


@lru_cache(maxsize=8192)
def _syllables(name: str) -> tuple[tuple[str, ...], ...]:
    """Per run of Han its syllables with tone digits; per Latin word that word."""
    from pypinyin import Style, lazy_pinyin  # loads its dictionaries: only where a name is read

    runs: list[tuple[str, ...]] = []
    pieces = _PIECES.findall(fold_width(clean_line(name))[:200])
    for index, piece in enumerate(pieces):
        if not _HAN.fullmatch(piece):
            runs.append((piece.casefold(),))
            continue
        surname: tuple[str, ...] = ()
        taken = 0
        if index == 0 and 2 <= len(piece) <= 4:
            taken = 2 if len(piece) > 2 and piece[:2] in _SURNAMES else 1
            surname = _SURNAMES.get(piece[:taken], ())
            taken = len(surname)
        rest = lazy_pinyin(piece[taken:], style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
        runs.append((*surname, *rest))
    return tuple(runs)


def initials(name: str) -> str:
    """What is typed to find a name: 张三丰 zsf, Tom Li tl; lower case, at most 60 characters."""
    return "".join(syllable[0] for run in _syllables(name) for syllable in run)[:60]


def sort_key(name: str) -> str:
    """A column to order names by sound, tone, then writing: `zhang1 san1 feng1`, a tab and the name."""
    sounds = " ".join(syllable for run in _syllables(name) for syllable in run)
    if not sounds:
        return clean_line(name)[:80]
    return f"{sounds[:160]}\t{clean_line(name)[:80]}"

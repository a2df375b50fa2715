"""Full text over Chinese with PostgreSQL's `simple` configuration: words, characters and pairs as tokens.

The index holds all three so that a query of one or two characters, which no segmenter can judge, still
matches. A longer query asks for the words it is made of, each by its pairs: independent of how the document
was segmented.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from shounuo.kernel.text.cleaning import fold_width

# Han, kana and hangul are written without spaces between words: treated alike.
_SCRIPT: Final = (
    r"[\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Either such a run or letters and digits of another script, also where both touch.
_RUNS: Final = re.compile(rf"({_SCRIPT}+)|((?:(?!{_SCRIPT})[^\W_])+)")
_TOKEN_LIMIT: Final = 64
_TEXT_LIMIT: Final = 100_000
# PostgreSQL refuses a tsvector over 1 MiB.
_BYTES_LIMIT: Final = 700_000
_TERMS_LIMIT: Final = 40
_STOP: Final = frozenset("的了吗呢吧啊是在和与及或就也都很把被给让")


@cache
def _segmenter() -> Callable[[str], list[str]]:
    import rjieba  # loads its dictionary: only where text is searched

    segment: Callable[[str], list[str]] = rjieba.cut
    return segment


def _runs(text: str) -> Iterator[tuple[bool, str]]:
    for match in _RUNS.finditer(fold_width(text).lower()):
        yield match.lastindex == 1, match.group()


def search_terms(text: str) -> str:
    """Tokens for `to_tsvector('simple', ...)`, each once; of very long text the beginning."""
    tokens: dict[str, None] = {}
    segment = _segmenter()
    size = 0
    for joined, run in _runs(text[:_TEXT_LIMIT]):
        if joined:
            tokens.update(dict.fromkeys(run))
            tokens.update(dict.fromkeys(map("".join, pairwise(run))))
            if len(run) > 2:
                tokens.update(dict.fromkeys(word[:_TOKEN_LIMIT] for word in segment(run) if len(word) > 2))
        else:
            tokens[run[:_TOKEN_LIMIT]] = None
    terms = " ".join(tokens)
    if len(terms) * 3 > _BYTES_LIMIT:
        for index, token in enumerate(tokens):
            size += len(token.encode()) + 1
            if size > _BYTES_LIMIT:
                return " ".join(list(tokens)[:index])
    return terms


def search_query(text: str) -> str:
    """Terms for `to_tsquery('simple', ...)`, all of which must match; empty when there is nothing to ask.

    Safe for any input: every operand is quoted and consists of letters and digits only.
    """
    terms: dict[str, None] = {}
    loose: dict[str, None] = {}
    for joined, run in _runs(text[:400]):
        if not joined:
            terms[run[:_TOKEN_LIMIT]] = None
            continue
        for word in _segmenter()(run) if len(run) > 2 else (run,):
            if len(word) == 1:
                (loose if word in _STOP else terms)[word] = None
            else:
                terms.update(dict.fromkeys(map("".join, pairwise(word))))
    return " & ".join(f"'{term}'" for term in list(terms or loose)[:_TERMS_LIMIT])

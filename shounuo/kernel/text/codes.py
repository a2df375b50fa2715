"""Codes and logins: words by which packs, imports, addresses and the API name what also has a number."""

from __future__ import annotations

from typing import Final

# What a list may be asked for in the place of an id, a login or a code.
WORDS: Final = frozenset({"me", "mine", "none"})


def says_another(code: str) -> bool:
    """True for a code or login that would be read as something else: digits alone say an id, a word of the lists itself."""
    return code.isdigit() or code.lower() in WORDS

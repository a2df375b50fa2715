"""Text from outside: decoding, cleaning, people's addresses and numbers, Chinese names and search terms."""

from shounuo.kernel.text.charsets import decode, known_charset
from shounuo.kernel.text.cleaning import clean, clean_line, fold_width, truncate
from shounuo.kernel.text.codes import says_another
from shounuo.kernel.text.contacts import mask_mail, mask_phone, normalise_mail, normalise_phone
from shounuo.kernel.text.names import initials, sort_key
from shounuo.kernel.text.numerals import digits_in, plain_digits, whole
from shounuo.kernel.text.search import search_query, search_terms

__all__ = [
    "clean",
    "clean_line",
    "decode",
    "digits_in",
    "fold_width",
    "initials",
    "known_charset",
    "mask_mail",
    "mask_phone",
    "normalise_mail",
    "normalise_phone",
    "plain_digits",
    "says_another",
    "search_query",
    "search_terms",
    "sort_key",
    "truncate",
    "whole",
]

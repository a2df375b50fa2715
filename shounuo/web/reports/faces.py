"""The face that papers are set in."""

from __future__ import annotations

import logging
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

from shounuo.web.assets import FACES

SANS: Final = "NotoSansSC"
SONG: Final = "STSong-Light"
FILE: Final = "sans.ttf"

log = logging.getLogger(__name__)


def registered() -> str:
    """Makes the face known to reportlab and returns its name. Where the page assets were not built it is the song face that
    large readers of PDF bring and that nothing embeds."""
    path = FACES / FILE
    if path.is_file():
        pdfmetrics.registerFont(TTFont(SANS, path))
        return SANS
    log.warning("papers are set without an embedded face: %s is missing (script/setup makes it)", FILE)
    pdfmetrics.registerFont(UnicodeCIDFont(SONG))
    return SONG

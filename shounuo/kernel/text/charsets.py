"""Bytes to text, whatever was declared: never raises, never loses what a larger character set can read.

Declared names are read as their superset (a mail that says GB2312 is read as GB18030), wrong declarations
are noticed where the bytes prove them wrong, and the stateful ISO-2022 family is read by hand because Python
has no ISO-2022-CN and stops at the vendor rows of ISO-2022-JP.
"""

from __future__ import annotations

import codecs
import re
from functools import lru_cache
from typing import Final

_ALIASES: Final[dict[str, str]] = {
    name: codec
    for codec, names in {
        "gb18030": """
            gb2312 gbk gb18030 gb180302000 gb180302005 gb180302022 cngb csgb2312 csgbk gb231280
            gb23121980 euccn eucgb2312cn xgbk xeuccn cp936 ms936 windows936 936 chinese
            csiso58gb231280 isoir58 gb xcp20936 cp54936 cp1386 gbk2312 xmacchinesesimp zhcn""",
        "hz": "hz hzgb hzgb2312 xhzgb2312",
        "big5": """
            big5 cnbig5 csbig5 xxbig5 xbig5 big5hkscs big5hk cp950 ms950 windows950 950 big5tw
            big5eten xmacchinesetrad zhtw""",
        "cp949": """
            ksc5601 ksc56011987 ksc56011989 euckr cseuckr korean cp949 ms949 windows949 uhc isoir149
            csksc56011987 ks5601 xwindows949""",
        "cp932": """
            shiftjis sjis xsjis msshiftjis mskanji csshiftjis cp932 ms932 windows31j cswindows31j
            windows932""",
        "euc_jp": "eucjp xeucjp eucjpms cseucpkdfmtjapanese ujis",
        "iso2022": """
            iso2022 iso2022jp csiso2022jp iso2022jp1 iso2022jp2 iso2022jp3 iso2022jpms iso2022jpext
            cp50220 cp50221 cp50222 iso2022cn iso2022cnext csiso2022cn iso2022kr csiso2022kr""",
        "utf-8": "utf8 utf8mb4 unicode11utf8 xutf8 csutf8 cp65001 unicode utf8sig",
        "utf-7": "utf7 unicode11utf7 csunicode11utf7 xunicode20utf7 cp65000",
        "utf-16": "utf16 utf16le utf16be ucs2 iso10646ucs2 csunicode",
        "utf-32": "utf32 utf32le utf32be ucs4 iso10646ucs4",
        "cp1252": """
            iso88591 latin1 l1 88591 cp1252 windows1252 isolatin1 csisolatin1 iso885911987 cp819
            ibm819 xansi ansi western""",
        "cp1254": "iso88599 latin5 windows1254 cp1254",
        "cp874": "iso885911 tis620 windows874 cp874",
        "": """
            ascii usascii us ansix341968 ansix341986 iso646us ibm367 cp367 csascii 7bit 8bit binary
            unknown8bit unknown default xuserdefined autodetect none null xunknown charset utf""",
    }.items()
    for name in names.split()
}
_FAMILY: Final = re.compile(
    r"^(?:iso-?8859-?\d{1,2}(?:-[ei])?|(?:windows|cp|ibm|dos)-?\d{3,5}|\d{3,5}|koi8-?[rut]|latin-?\d"
    r"|mac-?\w{2,12}|x-mac-\w{2,12})$"
)
_LABEL: Final = re.compile(r"[a-z0-9][a-z0-9_.:+ -]*")
_CJK: Final = re.compile("[\u3000-\u303f\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef]")
_HIGH_RUN: Final = re.compile(rb"[\x80-\xff]+")
# One pair of high bytes inside a Latin word: two accented letters rather than a Chinese character.
_IN_WORD: Final = re.compile(rb"[A-Za-z][\x80-\xff]{2}[a-z]")
# The commonest characters of either script: text read with the wrong table hardly ever hits them.
_FREQUENT: Final = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里"
    "用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日"
    "者意无力它与长机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应向头文体相见被利什"
    "二等产或新己制身果加月话合回特代内信表化老给世位次度任常先海通教原东提及比员解水名真论处走各入几口认"
    "条平系气题活更别打女变四神总何电数安少报才结反受目量再感建务做接必件计管期市直资命金指许统区保至社便"
    "空决治马科司基书非则听却界达光放强即像难且权思象完设式色路记南品住告类求据程北边张该交规取望术共确观"
    "清今切让识带争运您请谢邮复客服单货退款票账户登录收付订换修售办這個們來為國說時會對過發後裡種經麼學現"
    "當沒動還進樣開從實無與長機關點業將間問並應頭體見產東員題氣話處認條變總電數報結務計資統區書聽達強難權"
    "設記類據邊張規術確觀讓識帶運請謝郵復單貨戶錄訂換貴價聯絡傳號碼嗎呢吧，。！？、：；"
)


@lru_cache(maxsize=512)
def known_charset(label: str | None) -> str:
    """The name of the decoder that a declared charset is read with; empty when the name says nothing usable.

    Only names from our table or of the known families reach Python's codec search, so a hostile label can
    neither load a non-text codec (zlib, rot13, punycode) nor fill its cache.
    """
    if not label:
        return ""
    found = _LABEL.search(label.strip().lower()[:60])
    if not found:
        return ""
    name = found.group().split(" ")[0].rstrip(".:-_+")
    if name.startswith("charset"):
        name = name[7:].lstrip("=:-_ ")
    key = re.sub(r"[^a-z0-9]", "", name)
    if key in _ALIASES:
        return _ALIASES[key]
    if not _FAMILY.match(name):
        return ""
    name = name.removeprefix("x-").removesuffix("-i").removesuffix("-e")
    for candidate in (name, "cp" + re.sub(r"\D", "", name)):
        try:
            return codecs.lookup(candidate).name
        except (LookupError, ValueError):
            continue
    return ""


def decode(data: bytes, charset: str | None = None, *, hint: str | None = None) -> str:
    """Text of `data` as the declared `charset` (any spelling) would have it, read by superset; never raises.

    What the declared set cannot read is tried as UTF-8, GB18030, Big5 and Latin before U+FFFD stands in.
    `hint` is asked before guessing when nothing usable is declared (raw 8-bit headers take their mail's
    charset). The text may still hold control characters; `clean` removes those.
    """
    codec = known_charset(charset)
    if codec in _STATEFUL:
        return _stateful(data, codec)
    if data.isascii():
        if b"~{" in data and codec == "gb18030":
            return _stateful(data, "hz")
        return data.decode("ascii")
    if not codec and hint:
        codec = known_charset(hint)
        if codec in _STATEFUL:
            codec = ""
    if codec == "utf-8":
        return _utf8(data)
    if codec == "gb18030":
        return _gb(data)
    if codec == "big5":
        return _big5(data)
    if codec in {"", "cp1252"}:
        return _sniff(data)
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        return _as_utf8_if_plain(data) or data.decode(codec, "replace")


_STATEFUL: Final = frozenset({"utf-7", "utf-16", "utf-32", "iso2022", "hz"})


def _stateful(data: bytes, codec: str) -> str:
    if codec == "iso2022":
        return _iso2022(data)
    if codec == "utf-7":
        # Only 7-bit material can be UTF-7; anything else was declared wrongly.
        return data.decode("utf-7", "replace") if data.isascii() else _sniff(data)
    if codec == "hz":
        return data.decode("hz", "replace") if data.isascii() else _gb(data)
    if codec == "utf-16":
        if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
            return data.decode("utf-16", "replace")
        if b"\0" not in data and (data.isascii() or _as_utf8_if_plain(data)):
            return data.decode("utf-8", "replace")
        zeros_even, zeros_odd = data[0:2000:2].count(0), data[1:2000:2].count(0)
        little, big = data.decode("utf-16-le", "replace"), data.decode("utf-16-be", "replace")
        if zeros_even != zeros_odd:
            return big if zeros_even > zeros_odd else little
        return big if _likeness(big) > _likeness(little) else little
    if data[:4] in {b"\xff\xfe\0\0", b"\0\0\xfe\xff"}:
        return data.decode("utf-32", "replace")
    return data.decode("utf-32-be" if data[:2] == b"\0\0" else "utf-32-le", "replace")


def _as_utf8_if_plain(data: bytes) -> str:
    """The text when `data` is UTF-8 beyond doubt (at least one longer sequence and no error), else empty."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ""


def _utf8(data: bytes) -> str:
    plain = _as_utf8_if_plain(data)
    if plain:
        return plain
    return _damaged_utf8(data) or _sniff(data)


def _damaged_utf8(data: bytes) -> str:
    """The text when errors are few among good characters or only the end was cut off, else empty."""
    text = data.decode("utf-8-sig", "replace")
    bad = text.count("\ufffd")
    good = sum(1 for character in text if character > "\x7f") - bad
    return text if good >= 3 * bad or (good and bad == 1 and text.endswith("\ufffd")) else ""


def _gb(data: bytes) -> str:
    utf8 = _as_utf8_if_plain(data)
    if utf8:
        foreign = sum(1 for character in utf8 if ord(character) > 127)
        if len(_CJK.findall(utf8)) >= 2 and len(_CJK.findall(utf8)) * 2 > foreign:
            return utf8
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        if b"\x80" in data:  # the euro sign of code page 936
            return data.replace(b"\x80", b"\xa2\xe3").decode("gb18030", "replace")
        return data.decode("gb18030", "replace")


def _big5(data: bytes) -> str:
    utf8 = _as_utf8_if_plain(data)
    if utf8 and len(_CJK.findall(utf8)) >= 2:
        return utf8
    for codec in ("big5hkscs", "cp950"):
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            continue
    # Mainland systems send GBK under Big5's name (and the reverse is read by _gb's replacement characters).
    as_gb, as_big5 = data.decode("gb18030", "replace"), data.decode("big5hkscs", "replace")
    return as_gb if _likeness(as_gb) > _likeness(as_big5) + 0.1 else as_big5


def _likeness(text: str) -> float:
    """Share of very common Chinese characters among all that are not ASCII (the first thousand)."""
    seen = common = 0
    for character in text:
        if character > "\x7f":
            seen += 1
            common += character in _FREQUENT
            if seen == 1000:
                break
    return common / seen if seen else 0.0


def _sniff(data: bytes) -> str:
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return data.decode("utf-16", "replace")
    utf8 = _as_utf8_if_plain(data)
    if utf8:
        return utf8
    sample = data[:100_000]
    runs = _HIGH_RUN.findall(sample)
    paired = sum(len(run) for run in runs if len(run) > 1)
    total = sum(map(len, runs))
    scores: list[tuple[float, str]] = []
    for codec in ("gb18030", "big5hkscs"):
        text = sample.decode(codec, "replace")
        errors = text.count("\ufffd")
        scores.append((_likeness(text) - 2 * errors / total, codec))
    score, codec = max(scores)
    chinese = paired > 0.8 * total and not _IN_WORD.search(sample) and _strict(sample, "gb18030")
    if score >= 0.15 or (chinese and _all_han(sample)):
        return data.decode(codec if score >= 0.15 else "gb18030", "replace")
    return _damaged_utf8(data) or data.decode("cp1252", "replace")


def _strict(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def _all_han(data: bytes) -> bool:
    foreign = [character for character in data.decode("gb18030", "replace") if character > "\x7f"]
    return sum(1 for character in foreign if _CJK.match(character)) > 0.9 * len(foreign)


_ESCAPE: Final = re.compile(rb"\x1b(?:\$[()*+]?[@-~]|[(-/][0-~]|N|O)|[\x0e\x0f\r\n]")


def _iso2022(data: bytes) -> str:
    """ISO-2022-JP (NEC and IBM rows, half-width kana), -KR and -CN (GB part); errors replaced."""
    out: list[str] = []
    direct, shifted, invoked = "ascii", "", False
    position = 0

    def emit(chunk: bytes) -> None:
        if not chunk:
            return
        table = shifted if invoked else direct
        if table == "ascii":
            out.append(chunk.decode("ascii") if chunk.isascii() else _sniff(chunk))
        elif table == "kana":
            out.append(bytes(byte | 0x80 for byte in chunk).decode("cp932", "replace"))
        elif table == "jis":
            out.append(_jis(chunk))
        elif table in {"gb18030", "cp949"}:
            out.append(bytes(byte | 0x80 if byte > 0x20 else byte for byte in chunk).decode(table, "replace"))
        else:
            out.append("\ufffd" * ((len(chunk) + 1) // 2))

    for match in _ESCAPE.finditer(data):
        emit(data[position : match.start()])
        position = match.end()
        token = match.group()
        if token in {b"\r", b"\n"}:
            out.append(token.decode())
            direct, invoked = "ascii", False
        elif token == b"\x0e":
            invoked = bool(shifted)
        elif token == b"\x0f":
            invoked = False
        elif token in {b"\x1b$@", b"\x1b$B", b"\x1b$(@", b"\x1b$(B", b"\x1b$(D", b"\x1b$(Q", b"\x1b$(O"}:
            direct = "unknown" if token == b"\x1b$(D" else "jis"
        elif token in {b"\x1b$A", b"\x1b$(A"}:
            direct = "gb18030"
        elif token == b"\x1b$(C":
            direct = "cp949"
        elif token == b"\x1b$)A":
            shifted = "gb18030"
        elif token == b"\x1b$)C":
            shifted = "cp949"
        elif token[:3] == b"\x1b$)":
            shifted = "unknown"
        elif token == b"\x1b(I":
            direct = "kana"
        elif token[:2] == b"\x1b(":
            direct = "ascii"
    emit(data[position:])
    return "".join(out)


def _jis(chunk: bytes) -> str:
    """Pairs of JIS X 0208, as their Shift_JIS twins: code page 932 knows the vendor rows."""
    shifted = bytearray()
    for index in range(0, len(chunk) - 1, 2):
        row, cell = chunk[index] & 0x7F, chunk[index + 1] & 0x7F
        if not (0x21 <= row <= 0x7E and 0x21 <= cell <= 0x7E):
            shifted += b"?"
            continue
        lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
        shifted += bytes((lead, cell + (0x1F if cell < 0x60 else 0x20) if row % 2 else cell + 0x7E))
    return shifted.decode("cp932", "replace")

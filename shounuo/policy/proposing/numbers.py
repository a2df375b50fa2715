"""Numbers as regulations write them: 30, 1,000, 1.5, 三十, 两, 半, 百分之八十五, 六成. Texts are normalised already."""

from __future__ import annotations

import re
from decimal import Decimal

_DIGIT = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNIT = {"十": 10, "百": 100, "千": 1000}
HAN = "零〇一二两三四五六七八九十百千万"
NUMBER = rf"(?:[0-9]{{1,9}}(?:,[0-9]{{3}}){{0,4}}(?:\.[0-9]{{1,4}})?[百千万]?|[{HAN}]{{1,12}})"
"""A number; the text around it decides whether 一 or 十 means one."""
SHARE = rf"(?:百分之{NUMBER}(?:点{NUMBER})?|百万分之{NUMBER}|千分之{NUMBER}|万分之{NUMBER}|{NUMBER}%|{NUMBER}‰|[{HAN}]成半?)"
_SCALE = {"百": Decimal(100), "千": Decimal(1000), "万": Decimal(10_000)}


def number(text: str) -> Decimal | None:
    """The number that the text says, None when it says none."""
    text = text.strip()
    if not text:
        return None
    if text[0].isdigit():
        scale = _SCALE.get(text[-1], Decimal(1))
        bare = text.rstrip("百千万").replace(",", "")
        return Decimal(bare) * scale if re.fullmatch(r"[0-9]+(?:\.[0-9]+)?", bare) else None
    if any(c not in HAN for c in text):
        return None
    if not any(c in _UNIT or c == "万" for c in text):  # 二〇: read digit by digit
        return Decimal("".join(str(_DIGIT[c]) for c in text))
    total = section = digit = 0
    for character in text:
        if character in _DIGIT:
            digit = _DIGIT[character]
        elif character == "万":
            total, section, digit = (total + section + digit) * 10_000, 0, 0
        else:
            section += (digit or 1) * _UNIT[character]
            digit = 0
    return Decimal(total + section + digit)


def share(text: str) -> Decimal | None:
    """The share that the text says in percent (六成 = 60, 万分之五 = 0.05), None when it says none."""
    for head, scale in (("百万分之", 10_000), ("百分之", 1), ("千分之", 10), ("万分之", 100)):
        if text.startswith(head):
            whole, _point, rest = text[len(head) :].partition("点")
            found = number(whole)
            if found is not None and rest:
                digits = number(rest)
                found = found + (Decimal(f"0.{int(digits)}") if digits is not None else 0)
            return None if found is None else found / scale
    if text.endswith("%"):
        return number(text[:-1])
    if text.endswith("‰"):
        found = number(text[:-1])
        return None if found is None else found / 10
    if "成" in text:
        found = number(text.partition("成")[0])
        return None if found is None else found * 10 + (5 if text.endswith("半") else 0)
    return None


def written(value: Decimal) -> str:
    """The number as a pack writes it: no exponent, no trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

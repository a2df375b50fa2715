"""What the demo's farms keep and feed: a farm asks about its own animals, in their own words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Herd:
    """A kind of animal with its counting word, its house and the feeds for it: name of the feed, who eats it."""

    animal: str
    unit: str
    house: str
    feeds: tuple[tuple[str, str], ...]


HERDS = {
    "pigs": Herd(
        "猪",
        "头",
        "育肥舍",
        (("育肥料 552", "猪"), ("育肥料 553", "猪"), ("仔猪料 551", "仔猪"), ("泌乳料 611", "母猪")),
    ),
    "dairy": Herd("奶牛", "头", "牛舍", (("奶牛精料 631", "奶牛"), ("犊牛奶粉 A4", "犊牛"))),
    "beef": Herd("牛", "头", "牛舍", (("肉牛精料 601", "牛"), ("肉牛精料 602", "牛"))),
    "hens": Herd("鸡", "只", "鸡舍", (("蛋鸡料 524", "鸡"), ("雏鸡料 521", "雏鸡"))),
}
WORDS = (("奶牛", "dairy"), ("肉牛", "beef"), ("鸡", "hens"))


def herd_of(farm: str) -> str:
    """What a farm keeps, by its name; pigs where the name tells nothing."""
    return next((herd for word, herd in WORDS if word in farm), "pigs")

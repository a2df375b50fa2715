"""The demo's cases hang together: what a farm writes and is told is about its own animals, and no text is left half made."""

import re

import pytest

from shounuo.web.demo.herds import HERDS, herd_of
from shounuo.web.demo.scenarios import SCENARIOS
from shounuo.web.demo.stories import Slots, products, steps

FOREIGN = {
    "pigs": "牛|鸡|挤奶",
    "dairy": "猪|鸡|肉牛|育肥",
    "beef": "猪|鸡|奶牛|挤奶|育肥",
    "hens": "猪|牛|挤奶|育肥|耳标|[0-9一二两三几] ?头",
}
FITTING = [(s, h) for s in SCENARIOS for h in HERDS if not s.herds or h in s.herds]


def texts_of(scenario, herd):
    """All that may be said in a case of this kind on such a farm."""
    said = [text for matter in scenario.matters for text in matter]
    said += [scenario.later, scenario.diagnosis, scenario.dispute, steps(scenario)]
    said += [*scenario.resolution, *scenario.follow_ups, *scenario.notes]
    said += [text for option in scenario.options for text in option]
    said += [text for pair in scenario.pause.customer for text in pair]
    said += [*scenario.pause.within, *(text for ask in scenario.pause.asks for text in ask[1:])]
    return [
        Slots(3, 120, product, "F1102-3", HERDS[herd]).fill(text)
        for product in products(scenario, HERDS[herd])
        for text in said
    ]


@pytest.mark.parametrize(("scenario", "herd"), FITTING, ids=lambda one: getattr(one, "topic", one))
def test_a_farm_hears_of_its_own_animals(scenario, herd):
    texts = texts_of(scenario, herd)
    assert texts and not [text for text in texts if re.search(r"[{}]", text)]
    assert not [text for text in texts if re.search(FOREIGN[herd], text)]
    assert not [text for text in texts if re.search("[一-鿿] [一-鿿]", text)]


def test_every_matter_is_a_subject_a_message_and_an_answer():
    for scenario in SCENARIOS:
        assert 2 <= len(scenario.matters) <= 4, scenario.topic
        for subject, message, answer in scenario.matters:
            assert len(subject) < 30 < len(message + answer) and answer, scenario.topic
            assert answer.startswith(("您好", "可以")), answer


@pytest.mark.parametrize(
    ("farm", "herd"),
    [
        ("东岭奶牛合作社", "dairy"),
        ("龙泉肉牛育肥场", "beef"),
        ("双河蛋鸡专业合作社", "hens"),
        ("三岔口种鸡场", "hens"),
        ("望海种猪场", "pigs"),
        ("郭家养殖场", "pigs"),
    ],
)
def test_a_farms_name_says_what_it_keeps(farm, herd):
    assert herd_of(farm) == herd

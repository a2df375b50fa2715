"""Policies for tests, built through the services."""

from __future__ import annotations

from datetime import datetime

from shounuo.calendars.services import ensure_defaults
from shounuo.kernel.actors import Actor
from shounuo.policy import packs, services
from shounuo.policy.models import PolicyVersion

HEAD = """pack: {code}
title: 测试规定
version: "1"
default_calendar: {calendar}
clauses:
"""
CLAUSE = """  - id: {id}
    title: 响应
    wording: 三十分钟内须有首次响应。
    rules:
      - commitment: first-response
        title: 首次响应
        subject: case
        from: interaction.received
        until: [interaction.sent, call.answered]
        within: PT30M
"""


def make_text(*ids: str, code: str = "test", calendar: str = "always", rules: str = "") -> str:
    """A pack with a clause per id (default T-1), each with one commitment; `rules` replaces the rules of all, as YAML
    indented by six."""
    text = HEAD.format(code=code, calendar=calendar)
    for id in ids or ("T-1",):
        clause = CLAUSE.format(id=id)
        if rules:
            clause = clause.partition("    rules:\n")[0] + "    rules:\n" + rules.rstrip("\n") + "\n"
        text += clause
    return text


def make_draft(text: str = "", *, at: datetime, actor: Actor | None = None) -> PolicyVersion:
    return services.version_import(
        text=text or make_text(), file_name="test.yaml", actor=actor or Actor.system(), at=at
    )


def make_in_force(text: str = "", *, at: datetime) -> PolicyVersion:
    """A version in force from `at`; the calendars of every installation are there."""
    ensure_defaults(zone="Asia/Shanghai", at=at)
    draft = make_draft(text, at=at)
    return services.version_publish_at_once(policy_code=draft.policy.code, actor=Actor.system(), at=at)


def make_shipped(code: str, *, at: datetime) -> PolicyVersion:
    """A shipped pack in force from `at`: livestock, enterprise, office or process-standard."""
    path = packs.FOLDER / f"{code}.yaml"
    return make_in_force(path.read_text(encoding="utf-8"), at=at)

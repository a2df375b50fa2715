"""The demo's regulation: drafted by the manager, approved by the director, read by nearly everybody; and a draft of its
next version with a shorter limit that is still being talked about."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from shounuo.kernel.durations import Span
from shounuo.policy import packs, queries
from shounuo.policy import services as policy
from shounuo.policy.editing.changes import RuleSet, mark_of_rule
from shounuo.policy.schema import Commitment
from shounuo.policy.services.readers import Question
from shounuo.staff import queries as staff
from shounuo.staff.models import Person
from shounuo.web.demo.world import World

PACK = "livestock"
OTHERS = ("enterprise", "office", "process-standard")
AUTHOR, APPROVER = "jiangyue", "zhaoliqun"
UNREAD = {"xiongwei", "shaopeng"}  # there are always some who have still to read
READERS = ("agent", "senior_agent", "tech_support", "supervisor", "manager", "director")
QUESTIONS = (
    Question("主渠道的咨询，多久内须有首次响应？", ("15 分钟", "30 分钟", "2 小时"), 1),
    Question("预计要超时，应当怎么做？", ("到期后再解释", "到期前先告诉客户", "转给别人"), 1),
)
SHOWN = ("REG-2.2.1", "REG-2.2.2")  # on the customers' page of promises
SHORTER = Span(seconds=20 * 60)
DRAFTED, PUBLISHED, IN_FORCE = timedelta(days=1, hours=9), timedelta(days=8, hours=10), timedelta(days=12)


def publish(before: datetime) -> None:
    """Writes the life of the version in force, from its draft to the last reader; `before` is when the house opened."""
    author, approver = (staff.actor_for(Person.objects.get(login=login)) for login in (AUTHOR, APPROVER))
    path = packs.FOLDER / f"{PACK}.yaml"
    at = before + DRAFTED
    version = policy.version_import(
        text=path.read_text(encoding="utf-8"), file_name=path.name, actor=author, at=at
    )
    policy.questions_set(version_id=version.pk, questions=QUESTIONS, actor=author, at=at)
    policy.version_submit(version_id=version.pk, actor=author, at=at + timedelta(hours=2))
    policy.version_approve(version_id=version.pk, actor=approver, at=at + timedelta(days=3))
    policy.version_publish(
        version_id=version.pk,
        effective_at=before + IN_FORCE,
        readers=READERS,
        actor=approver,
        at=before + PUBLISHED,
    )
    for clause in SHOWN:
        policy.promise_show(clause=clause, shown=True, actor=approver, at=before + IN_FORCE)
    review = (before + timedelta(days=365)).date()
    policy.review_set(policy_code=PACK, on=review, actor=approver, at=before + PUBLISHED)
    answers = {n: question.right for n, question in enumerate(QUESTIONS)}
    for n, person in enumerate(queries.readers(version).exclude(login__in=UNREAD)):
        read = before + PUBLISHED + timedelta(days=n // 5, hours=1 + n % 5, minutes=7 * n)
        policy.acknowledge(version_id=version.pk, answers=answers, actor=staff.actor_for(person), at=read)


def publish_others(world: World, at: datetime) -> None:
    """Every other pack, whole, in force since the house began."""
    for code in OTHERS:
        path = packs.FOLDER / f"{code}.yaml"
        policy.version_import(
            text=path.read_text(encoding="utf-8"), file_name=path.name, actor=world.system, at=at
        )
        policy.version_publish_at_once(policy_code=code, actor=world.system, at=at)


def revise(end: datetime) -> None:
    """A draft of the next version: a shorter first response, and what the director thinks of it."""
    author, approver = (staff.actor_for(Person.objects.get(login=login)) for login in (AUTHOR, APPROVER))
    at = end - timedelta(days=2)
    draft = policy.draft_begin(policy_code=PACK, actor=author, at=at)
    for clause, rule in queries.pack_of(draft).rules():
        if isinstance(rule, Commitment) and rule.name == "first-response" and isinstance(rule.within, Span):
            change = RuleSet(code=clause.id, seen=mark_of_rule(rule), rule=replace(rule, within=SHORTER))
            policy.draft_change(version_id=draft.pk, change=change, actor=author, at=at)
            policy.comment_add(
                version_id=draft.pk,
                clause=clause.id,
                text="夜班人手不够，二十分钟做得到吗？先试算再定。",
                actor=approver,
                at=end - timedelta(days=1),
            )
            return

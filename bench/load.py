"""Fills an installation with bench rows by COPY: cases, messages, events, clocks, in the shapes the services write.

Fields that a row does not name take the model's default, so that a new column needs no change here.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, models
from django.utils import timezone

SUBJECTS = (
    "育肥料到货结块不敢喂", "环控器离线风机全停", "对账单少了一笔返利", "料线电机异响停机", "犊牛奶粉怎么过渡", "挤奶机真空度下降",
    "检疫证编号不一致", "仔猪换料后拉稀", "发票抬头要改", "说好昨天到的料还没到", "料塔称重传感器漂移", "耳标读数与存栏不符",
)  # fmt: skip
WORDS = (
    "水分", "化验", "留样", "批号", "换新料", "折价", "保险", "电源板", "轴承", "过滤器", "喂量表", "返利明细", "专票", "账期", "停药期",
    "免疫", "密度", "保温", "磅单", "司机", "装车", "绕行", "膜片", "校准", "配对", "标定", "压差", "电解多维",
)  # fmt: skip
CHANNELS = ("mail", "form", "phone", "chat", "wechat", "api")
KINDS = ("inquiry", "request", "complaint", "aftersales", "praise", "suggestion")


def copy(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """COPYs rows into the model's table; missing concrete fields get the model's default. Returns the row count."""
    meta = model._meta
    given = [meta.get_field(n) for n in names]
    filled = [
        f
        for f in meta.concrete_fields
        if f not in given and not f.primary_key and not f.has_db_default() and not f.null
    ]
    defaults = tuple(_adapt(f, f.get_default()) for f in filled)
    columns = ", ".join(f'"{f.column}"' for f in [*given, *filled])
    count = 0
    with connection.cursor() as cursor, cursor.copy(f'COPY "{meta.db_table}" ({columns}) FROM STDIN') as out:
        for row in rows:
            out.write_row(tuple(_adapt(f, v) for f, v in zip(given, row, strict=True)) + defaults)
            count += 1
    return count


def _adapt(field: models.Field, value: Any) -> Any:
    if isinstance(field, models.JSONField):
        return json.dumps(value, ensure_ascii=False)
    if value is None and not field.null:
        return ""
    return value


class Loader:
    """Builds the rows from a fixed seed: the same rows every time for the same size and moment."""

    def __init__(self, *, cases: int, events: int, clocks: int, at: datetime, seed: int = 7) -> None:
        self.cases, self.events, self.clocks, self.at = cases, events, clocks, at
        self.random = random.Random(seed)

    def load(self, say: Any) -> None:
        from shounuo.cases.models import Case, Interaction, SearchText
        from shounuo.commitments.models import Clock
        from shounuo.customers.models import ContactPoint, Customer
        from shounuo.events.models import Event, Stream
        from shounuo.policy.models import Rule
        from shounuo.staff.models import Person, Team

        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")  # a million rows take their time on a busy machine
        self._people()
        people = list(Person.objects.filter(teams__isnull=False).values_list("id", "membership__team_id"))
        self.codes = dict(Team.objects.values_list("id", "code"))
        teams = list(self.codes)
        self.topics = self._topics()
        rules = list(Rule.objects.filter(kind="commitment", status="live").select_related("clause"))
        if not (people and teams and rules):
            raise RuntimeError(
                f"the bench needs a policy in force first: {len(people)} people, {len(teams)} teams, {len(rules)} rules"
            )
        customers = max(self.cases // 5, 10)
        first_customer = self._next_id(Customer)
        say(f"客户 {customers}")
        copy(
            Customer,
            ["id", "name", "sort_key", "initials", "created_at"],
            self._customers(first_customer, customers),
        )
        copy(
            ContactPoint,
            ["customer", "kind", "value", "shown", "created_at"],
            self._contacts(first_customer, customers),
        )
        first_case = self._next_id(Case)
        say(f"工单 {self.cases}")
        open_from = first_case + int(self.cases * 0.92)
        plan = [
            self._case(i, first_case, open_from, first_customer, customers, people, teams)
            for i in range(self.cases)
        ]
        copy(
            Case,
            [
                "id", "number", "kind", "level", "status", "channel", "subject", "customer", "team", "owner", "opened_at",
                "accepted_at", "first_response_at", "resolved_at", "closed_at", "last_in_at", "updated_at", "next_due_at",
                "next_warn_at", "next_clause", "overdue", "topic", "first_owner_id",
            ],
            plan,
        )  # fmt: skip
        say(f"消息 {self.cases * 2}")
        copy(
            Interaction,
            ["case", "direction", "channel", "text", "person", "customer", "at"],
            self._interactions(plan),
        )
        say("检索词")
        self._search(SearchText, plan)
        say(f"事件 {self.events}")
        per_case = max(self.events // self.cases, 1)
        copy(
            Event,
            ["kind", "at", "subject_kind", "subject_id", "seq", "actor_kind", "payload"],
            self._events(plan, per_case),
        )
        copy(Stream, ["subject_kind", "subject_id", "last_seq"], (("case", row[0], per_case) for row in plan))
        say(f"计时 {self.clocks}")
        copy(
            Clock,
            [
                "rule", "clause_code", "commitment", "subject_kind", "subject_id", "start_event_id", "within", "calendar",
                "started_at", "counted_from", "warn_at", "due_at", "state", "met_at", "breached_at", "warned_at", "next_at",
                "facts", "length_s", "used_s",
            ],
            self._clocks(plan, rules, max(self.clocks // self.cases, 1)),
        )  # fmt: skip
        with connection.cursor() as cursor:
            for table in ("cases_case", "customers_customer"):
                cursor.execute(
                    f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                )
            cursor.execute("SELECT setval('cases_number', (SELECT max(number) FROM cases_case))")
            say("统计信息")
            cursor.execute("ANALYZE")

    def _next_id(self, model: type[models.Model]) -> int:
        return (model.objects.aggregate(top=models.Max("id"))["top"] or 0) + 1  # type: ignore[attr-defined]

    def _customers(self, first: int, count: int) -> Iterator[tuple[Any, ...]]:
        for i in range(first, first + count):
            yield i, f"客户{i}", f"kehu{i:08d}", f"kh{i}", self.at - timedelta(days=400)

    def _contacts(self, first: int, count: int) -> Iterator[tuple[Any, ...]]:
        for i in range(first, first + count):
            yield i, "mail", f"c{i}@bench.example.com", f"c{i}@bench.example.com", self.at
            yield i, "phone", f"139{i:08d}", f"139{i:08d}", self.at

    def _case(
        self,
        i: int,
        first: int,
        open_from: int,
        first_customer: int,
        customers: int,
        people: list,
        teams: list,
    ) -> tuple[Any, ...]:
        r = self.random
        id = first + i
        live = id >= open_from
        age = (
            timedelta(minutes=r.randint(5, 3 * 1440))
            if live
            else timedelta(minutes=r.randint(4 * 1440, 365 * 1440))
        )
        opened = self.at - age
        owner, team = r.choice(people) if r.random() < 0.9 or not live else (None, r.choice(teams))
        accepted = opened + timedelta(minutes=r.randint(1, 25)) if owner else None
        resolved = None if live else opened + timedelta(hours=r.randint(1, 70))
        closed = resolved + timedelta(hours=r.randint(1, 70)) if resolved else None
        due = self.at + timedelta(minutes=r.randint(30, 4000)) if live else None
        status = ("open" if owner else "new") if live else "closed"
        subject = f"{r.choice(SUBJECTS)} {r.choice(WORDS)}{r.choice(WORDS)}"
        return (
            id, 10_000_000 + id, r.choice(KINDS), r.choice(("L1", "L1", "L2", "L3")), status, r.choice(CHANNELS), subject,
            first_customer + r.randrange(customers), team, owner, opened, accepted, accepted, resolved, closed, opened,
            closed or accepted or opened, due, due and due - timedelta(minutes=20), "REG-2.2.2" if due else "", False,
            r.choice(self.topics), owner,
        )  # fmt: skip

    def _interactions(self, plan: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in plan:
            text = f"您好，{row[6]}，请尽快处理。" * 3
            yield row[0], "in", row[5], text, None, row[7], row[10]
            if row[9]:
                yield row[0], "out", row[5], f"您好，{row[6]}的情况记下了，正在核实。", row[9], None, row[11]

    def _search(self, model: type[models.Model], plan: list[tuple[Any, ...]]) -> None:
        from shounuo.kernel.text import search_terms

        known: dict[str, str] = {}

        def terms(text: str) -> str:
            if text not in known:
                known[text] = search_terms(text)
            return known[text]

        with connection.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE bench_terms (id bigint, number bigint, words text)")
            with cursor.copy("COPY bench_terms FROM STDIN") as out:
                for row in plan:
                    head, _, tail = row[6].partition(" ")
                    out.write_row((row[0], row[1], f"{terms(head)} {terms(tail)} {row[1]}"))
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} (case_id, document) "
                "SELECT id, setweight(to_tsvector('simple', words), 'A') FROM bench_terms"
            )
            cursor.execute("DROP TABLE bench_terms")

    def _people(self) -> None:
        """Six teams of five."""
        from shounuo.kernel.actors import Actor
        from shounuo.staff import services as staff
        from shounuo.staff.models import Team

        if Team.objects.exclude(people=None).count() >= 6:
            return
        for n in range(6):
            staff.team_create(code=f"bench-{n}", name=f"{n + 1} 组", actor=Actor.system(), at=self.at)
            for k in range(5):
                staff.person_create(
                    login=f"bench{n}{k}", name=f"坐席 {n}{k}", mail="", phone="", password=None, roles=("agent",),
                    teams=[f"bench-{n}"], leads=[], actor=Actor.system(), at=self.at,
                )  # fmt: skip

    def _topics(self) -> list[int]:
        """Four branches of six topics each."""
        from shounuo.cases.models import Topic
        from shounuo.cases.services import topic_create
        from shounuo.kernel.actors import Actor

        for branch in range(4):
            parent = None
            for leaf in range(7):
                code = f"bench-{branch}-{leaf}"
                if Topic.objects.filter(code=code).exists():
                    continue
                made = topic_create(
                    code=code,
                    name=f"主题 {branch}-{leaf}",
                    parent_id=parent,
                    actor=Actor.system(),
                    at=self.at,
                )
                parent = parent or made.pk
        return list(Topic.objects.values_list("id", flat=True))

    def _events(self, plan: list[tuple[Any, ...]], per_case: int) -> Iterator[tuple[Any, ...]]:
        """What happened to each case, as its columns say; the rest of the number are notes."""
        for row in plan:
            for seq, (kind, at, payload) in enumerate(self._course(row)[:per_case], start=1):
                yield kind, at, "case", row[0], seq, "system", payload
            for seq in range(len(self._course(row)) + 1, per_case + 1):
                at = (row[14] or row[11] or row[10]) + timedelta(minutes=seq)
                yield "interaction.noted", at, "case", row[0], seq, "system", {"status": row[4]}

    def _course(self, row: tuple[Any, ...]) -> list[tuple[str, datetime, dict[str, Any]]]:
        team, owner, opened, accepted, resolved, closed = row[8], row[9], row[10], row[11], row[13], row[14]
        course = [
            ("case.opened", opened, {"status": "new", "team": team, "level": row[3]}),
            ("interaction.received", opened, {"status": "new"}),
            ("clock.started", opened, {}),
            ("clock.started", opened, {}),
        ]
        if owner:
            course += [
                ("case.assigned", accepted, {"status": "new", "team": team, "owner": owner}),
                ("case.accepted", accepted, {"status": "open"}),
                ("interaction.sent", accepted, {"status": "open"}),
            ]
        if resolved:
            course += [
                ("clock.met", resolved, {}),
                ("case.resolved", resolved, {"status": "resolved", "round": 1}),
                ("case.closed", closed, {"status": "closed", "how": "silence"}),
            ]
        return course

    def _clocks(self, plan: list[tuple[Any, ...]], rules: list, per_case: int) -> Iterator[tuple[Any, ...]]:
        r = self.random
        for row in plan:
            for k in range(per_case):
                rule = rules[(row[0] + k) % len(rules)]
                facts = {
                    "channel": row[5],
                    "kind": row[2],
                    "level": row[3],
                    "team": self.codes.get(row[8]),
                    "owner": row[9],
                }
                started = row[10]
                common = (
                    rule.pk, rule.clause.code, rule.name, "case", row[0], row[0] * 10 + k, "PT4H", "business", started, started,
                )  # fmt: skip
                if row[4] in ("open", "new"):
                    due = row[17]
                    yield (*common, due - timedelta(minutes=20), due, "running", None, None, None, due - timedelta(minutes=20), facts, 14400, None)  # fmt: skip
                else:
                    due = started + timedelta(hours=r.randint(2, 60))
                    late = r.random() < 0.06
                    met = (
                        due + timedelta(minutes=r.randint(1, 90))
                        if late
                        else due - timedelta(minutes=r.randint(1, 100))
                    )
                    state = "breached" if late else "met"
                    yield (
                        *common,
                        due - timedelta(minutes=20),
                        due,
                        state,
                        met,
                        due if late else None,
                        None,
                        None,
                        facts,
                        int((due - started).total_seconds()),
                        int((met - started).total_seconds()),
                    )


def load(*, cases: int = 100_000, events: int = 1_000_000, clocks: int = 300_000, say: Any = print) -> None:
    at = timezone.now().astimezone(UTC).replace(microsecond=0)
    Loader(cases=cases, events=events, clocks=clocks, at=at).load(say)

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

        people = list(Person.objects.filter(teams__isnull=False).values_list("id", "membership__team_id"))
        teams = list(Team.objects.values_list("id", flat=True))
        rules = list(Rule.objects.filter(kind="commitment", state="live").select_related("clause"))
        if not (people and teams and rules):
            raise RuntimeError("the bench needs people, teams and a policy in force first")
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
                "next_warn_at", "next_clause", "overdue",
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
                "facts",
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

    def _events(self, plan: list[tuple[Any, ...]], per_case: int) -> Iterator[tuple[Any, ...]]:
        kinds = (
            "case.opened", "interaction.received", "clock.started", "clock.started", "case.assigned", "case.accepted",
            "interaction.sent", "clock.met", "case.resolved", "case.closed",
        )  # fmt: skip
        for row in plan:
            for seq in range(1, per_case + 1):
                yield (
                    kinds[(seq - 1) % len(kinds)], row[10] + timedelta(minutes=seq * 3), "case", row[0], seq, "system", {},
                )  # fmt: skip

    def _clocks(self, plan: list[tuple[Any, ...]], rules: list, per_case: int) -> Iterator[tuple[Any, ...]]:
        r = self.random
        for row in plan:
            for k in range(per_case):
                rule = rules[(row[0] + k) % len(rules)]
                facts = {"channel": row[5], "kind": row[2], "level": row[3], "team": row[8], "owner": row[9]}
                started = row[10]
                common = (
                    rule.pk, rule.clause.code, rule.name, "case", row[0], row[0] * 10 + k, "PT4H", "business", started, started,
                )  # fmt: skip
                if row[4] in ("open", "new"):
                    due = row[17]
                    yield (*common, due - timedelta(minutes=20), due, "running", None, None, None, due - timedelta(minutes=20), facts)  # fmt: skip
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
                    )


def load(*, cases: int = 100_000, events: int = 1_000_000, clocks: int = 300_000, say: Any = print) -> None:
    at = timezone.now().astimezone(UTC).replace(microsecond=0)
    Loader(cases=cases, events=events, clocks=clocks, at=at).load(say)

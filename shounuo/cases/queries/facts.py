"""What rules may match on, and who stands behind a case: the subject `case` for the lower parts."""

from __future__ import annotations

from collections.abc import Iterable

from shounuo.cases.models import Case
from shounuo.cases.permissions import VIEW_ALL, VIEW_TEAM
from shounuo.cases.queries import filled
from shounuo.cases.queries.visibility import visible_ids
from shounuo.events.subjects import Facts, NearestClock, People, Subject
from shounuo.kernel import prepared
from shounuo.staff.models import Membership


def first_agent(case: Case) -> bool:
    """True while only the first owner has had the case."""
    return only_first_agent(case.owner_id, case.first_owner_id, case.transfer_count)


def only_first_agent(owner: int | None, first_owner: int | None, transfers: int) -> bool:
    """The same from the case's columns."""
    return transfers == 0 and owner in (None, first_owner)


# Plain SQL: this runs once or more for every write on a case.
_FACTS = """
SELECT c.id, c.channel, c.channel_class, c.kind, c.level, c.severity, c.complexity, c.status, c.priority, t.code, o.path,
       c.tags, k.segment, c.owner_id, c.first_owner_id, c.transfer_count, c.mailbox_id,
       ARRAY(SELECT 'sla-' || a.id FROM agreements_agreement a WHERE a.state = 'active' AND (a.customer_id = k.id
             OR a.customer_id IN (SELECT m.id FROM customers_customer m WHERE m.merged_into_id = k.id)
             OR a.company_id = k.company_id OR (a.segment <> '' AND a.segment = k.segment)) ORDER BY a.id)
FROM cases_case c JOIN customers_customer k ON k.id = c.customer_id
     LEFT JOIN staff_team t ON t.id = c.team_id LEFT JOIN cases_topic o ON o.id = c.topic_id
WHERE c.id = ANY(%s::bigint[])
"""


def facts(ids: Iterable[int]) -> dict[int, Facts]:
    """The facts of the cases, one query. `topic` lists the codes from the root, so that a rule on `feed` holds for all
    beneath it; `agreement` the service agreements that bind for its customer; what is not classified is None."""
    rows = prepared.by_ids(_FACTS, list(ids))
    return {
        id: {
            "channel": channel,
            "channel_class": channel_class,
            "kind": kind,
            "level": level or None,
            "severity": severity or None,
            "complexity": complexity or None,
            "status": status,
            "priority": priority,
            "team": team,
            "topic": topic.split("/") if topic is not None else [],
            "tags": tags,
            "segment": segment or None,
            "owner": owner,
            "first_agent": only_first_agent(owner, first_owner, transfers),
            "mailbox": mailbox,
            "agreement": agreements,
        }
        for (
            id, channel, channel_class, kind, level, severity, complexity, status, priority, team, topic,
            tags, segment, owner, first_owner, transfers, mailbox, agreements,
        ) in rows
    }  # fmt: skip


def people(id: int) -> People:
    """The owner, the team, and who leads it; of a case without a team the owner's supervisors."""
    row = Case.objects.filter(pk=id).values_list("owner_id", "team_id").first()
    if row is None:
        return People()
    owner_id, team_id = row
    leads = Membership.objects.filter(leads=True, person__is_active=True)
    if team_id is not None:
        leads = leads.filter(team_id=team_id)
    else:
        leads = leads.filter(team__membership__person_id=owner_id)
    supervisors = sorted(set(leads.values_list("person_id", flat=True))) if owner_id or team_id else []
    return People(owner_id=owner_id, team_id=team_id, supervisor_ids=tuple(supervisors))


def labels(ids: Iterable[int]) -> dict[int, str]:
    rows = Case.objects.filter(pk__in=list(ids)).values_list("pk", "number", "subject")
    return {pk: f"{number} {subject}" for pk, number, subject in rows}


def url(id: int) -> str:
    number = Case.objects.filter(pk=id).values_list("number", flat=True).first()
    return f"/cases/{number}/" if number is not None else ""


def urls(ids: Iterable[int]) -> dict[int, str]:
    """The pages of the cases; one query."""
    numbers = Case.objects.filter(pk__in=list(ids)).values_list("pk", "number")
    return {pk: f"/cases/{number}/" for pk, number in numbers}


def clocks_changed(nearest: dict[int, NearestClock]) -> None:
    """Keeps on each case which live clock is due first, so that lists sort and warn; one statement.

    Called in the clock's own transaction; changes neither version nor updated_at: a clock is no one's write.
    """
    if not nearest:
        return
    ids = sorted(nearest)
    prepared.execute(
        f"""UPDATE cases_case c SET next_due_at = n.due, next_warn_at = n.warn, next_clause = n.clause,
                 overdue = n.overdue
               FROM (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::bool[])
                 AS r(id, due, warn, clause, overdue) LIMIT {prepared.at_most(len(ids))}) n
               WHERE c.id = n.id""",  # noqa: S608  a number of ours
        [
            ids,
            [nearest[i].due_at for i in ids],
            [nearest[i].warn_at for i in ids],
            [nearest[i].clause for i in ids],
            [nearest[i].overdue for i in ids],
        ],
    )


SUBJECT = Subject(
    kind="case",
    facts=facts,
    visible_ids=visible_ids,
    listed=lambda actor: actor.may(VIEW_ALL) or actor.may(VIEW_TEAM),
    people=people,
    label=labels,
    url=url,
    clocks_changed=clocks_changed,
    urls=urls,
    fields=filled.FIELDS,
    items=filled.ITEMS,
    own_fields=filled.own_fields,
    filled=filled.filled,
)

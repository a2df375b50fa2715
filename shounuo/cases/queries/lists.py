"""Lists of cases: the seven views, saved ones, counts, pages by cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Value
from django.utils.translation import gettext_lazy as _

from shounuo.cases.models import Case, Draft, Mention, Reading, SavedView
from shounuo.cases.queries import cursors
from shounuo.cases.queries.filters import matching, pressing
from shounuo.cases.queries.visibility import visible_to
from shounuo.cases.rules import filters, states
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.composed import Composed, figures
from shounuo.kernel.errors import NotFound

LATELY = timedelta(days=7)
MENTIONED_FOR = timedelta(days=30)
_ACTIVE = Q(status__in=states.ACTIVE)
# What a row shows none of.
_HEAVY = ("difficulty", "diagnosis", "resolution", "feedback", "custom")


@dataclass(frozen=True, slots=True)
class View:
    """A view that everyone has."""

    key: str
    label: Any
    sort: str


VIEWS: dict[str, View] = {
    v.key: v
    for v in (
        View("mine", _("我负责的"), "due"),
        View("unassigned", _("未分派"), "due"),
        View("open", _("全部未结"), "due"),
        View("risk", _("快到期"), "due"),
        View("waiting", _("等待回复"), "due"),
        View("mentioned", _("提到我的"), "updated"),
        View("closed", _("最近关闭"), "closed"),
    )
}


@dataclass(frozen=True, slots=True)
class Counted:
    """How many cases a view holds, and how many of them are late."""

    total: int
    overdue: int


def conditions(key: str, actor: Actor, at: datetime) -> Q:
    """What a view of `VIEWS` asks; NotFound for another key."""
    if (of_open := _of_open(actor, at).get(key)) is not None:
        return _ACTIVE & of_open
    match key:
        case "mentioned":
            since = Mention.objects.filter(person_id=actor.person_id or 0, at__gte=at - MENTIONED_FOR)
            return Q(pk__in=since.values("case_id"))
        case "closed":
            return Q(status=states.CLOSED, closed_at__gte=at - LATELY)
        case _:
            raise NotFound(_("没有这个视图"))


def _of_open(actor: Actor, at: datetime) -> dict[str, Q]:
    """What the views of open cases ask beside that."""
    return {
        "mine": Q(owner_id=actor.person_id or 0),
        "unassigned": Q(owner=None) | Q(handed_at__isnull=False),
        "open": Q(),
        "risk": pressing(at),
        "waiting": Q(status__in=states.WAITING),
    }


def view_counts(actor: Actor, at: datetime) -> dict[str, Counted]:
    """How many cases each view holds for the actor, but for those closed lately, which nobody works off; in two queries,
    each of which an index serves: the open cases, those where he was mentioned."""
    [row] = _open_counts.rows(actor, at=at)
    [named] = _mentioned_counts.rows(actor, at=at)
    found = {
        key: Counted(*pair)
        for key, pair in zip(_of_open(actor, at), zip(row[::2], row[1::2], strict=True), strict=True)
    }
    return found | {"mentioned": Counted(*named)}


@Composed
def _open_counts(actor: Actor, *, at: datetime) -> QuerySet[Any, Any]:
    wanted: dict[str, Any] = {}
    for key, q in _of_open(actor, at).items():
        wanted[f"{key}_n"] = Count("pk", filter=q)
        wanted[f"{key}_late"] = Count("pk", filter=q & Q(overdue=True))
    return figures(visible_to(actor).exclude(status__in=states.DONE), **wanted)


@Composed
def _mentioned_counts(actor: Actor, *, at: datetime) -> QuerySet[Any, Any]:
    named = visible_to(actor).filter(conditions("mentioned", actor, at))
    return figures(named, n=Count("pk"), late=Count("pk", filter=_ACTIVE & Q(overdue=True)))


def unsolved_counts(actor: Actor, customer_ids: Iterable[int]) -> dict[int, int]:
    """How many cases of each customer are neither solved nor closed, of those the actor may see; without zeros, one
    query."""
    rows = visible_to(actor).filter(_ACTIVE, customer_id__in=list(customer_ids)).values("customer_id")
    return dict(rows.annotate(n=Count("pk")).order_by().values_list("customer_id", "n"))


def list_page(
    actor: Actor,
    view: str | Mapping[str, Any],
    cursor: str | None = None,
    limit: int | None = None,
    *,
    at: datetime,
    extra: Mapping[str, Any] | None = None,
    columns: Sequence[str] = (),
) -> tuple[list[Case], str | None]:
    """A page of cases with customer, company, owner, team and topic, and the cursor of the next (None at the end).

    `view` is a key of `VIEWS` or a query (`rules.filters`); `extra` narrows a view further and may set `sort`. Rows
    carry `unread` (something came since the actor read it) and `drafted`. With `columns` (of the case, its customer and his
    company) they hold these and what they are sorted by. One query, two where dated rows end.
    """
    size = paging.limit_of(limit)
    asked = view if isinstance(view, str) else filters.normal(view)
    narrowed = filters.normal(extra) if extra else {}
    sort = _sort(asked, narrowed, extra or {})
    parts: Iterable[Iterable[Case]]
    if isinstance(asked, str) and not narrowed and cursor is None:
        shape = (asked, tuple(columns), size + 1)
        parts = (_first.objects(actor, *shape, n, at=at) for n in range(2 if sort == "due" else 1))
    else:
        rows = visible_to(actor).filter(
            conditions(asked, actor, at) if isinstance(asked, str) else matching(asked, actor, at)
        )
        if narrowed:
            rows = rows.filter(matching(narrowed, actor, at))
        position = cursors.decode(cursor) if cursor else None
        parts = (part[: size + 1] for part in _ORDERS[sort](_shown(rows, actor, columns), position))
    found: list[Case] = []
    for part in parts:
        found += part
        if len(found) > size:
            last = found[size - 1]
            return found[:size], cursors.encode(getattr(last, _SORT_COLUMN[sort]), last.pk)
    return found, None


def _sort(asked: str | Mapping[str, Any], narrowed: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    if "sort" in extra:
        return str(narrowed["sort"])
    if isinstance(asked, str):
        if asked not in VIEWS:
            raise NotFound(_("没有这个视图"))
        return VIEWS[asked].sort
    return str(asked["sort"])


@Composed
def _first(
    actor: Actor, view: str, columns: Sequence[str], limit: int, part: int, *, at: datetime
) -> QuerySet[Case]:
    """The first page of a view: what the desk reads most."""
    rows = _shown(visible_to(actor).filter(conditions(view, actor, at)), actor, columns)
    return _ORDERS[VIEWS[view].sort](rows, None)[part][:limit]


def saved_views(actor: Actor) -> QuerySet[SavedView]:
    """The actor's own saved views and those of his teams, in their order, with whose they are."""
    own = Q(person_id=actor.person_id or 0) | Q(team_id__in=sorted(actor.team_ids))
    return SavedView.objects.filter(own).select_related("person", "team").order_by("position", "id")


def saved_names(actor: Actor) -> list[tuple[int, str]]:
    """Ids and names of `saved_views`; one query."""
    return _saved_names.rows(actor)


@Composed
def _saved_names(actor: Actor) -> QuerySet[Any, Any]:
    return saved_views(actor).values_list("id", "name")


def saved_view(actor: Actor, view_id: int) -> SavedView:
    """A saved view that the actor may use; NotFound for others."""
    view = saved_views(actor).filter(pk=view_id).first()
    if view is None:
        raise NotFound(_("没有这个筛选"))
    return view


def _shown(rows: QuerySet[Case], actor: Actor, columns: Sequence[str]) -> QuerySet[Case]:
    if columns:
        rows = rows.select_related("customer__company").only(*columns, *_SORT_COLUMN.values())
    else:
        rows = rows.select_related("customer__company", "owner", "team", "topic").defer(*_HEAVY)
    if actor.person_id is None:
        return rows.annotate(unread=Value(False), drafted=Value(False))
    read = Reading.objects.filter(
        case=OuterRef("pk"), person_id=actor.person_id, read_at__gte=OuterRef("last_in_at")
    )
    return rows.annotate(
        unread=~Exists(read),
        drafted=Exists(Draft.objects.filter(case=OuterRef("pk"), person_id=actor.person_id)),
    )


_SORT_COLUMN = {"due": "next_due_at", "updated": "updated_at", "opened": "opened_at", "closed": "closed_at"}


Position = tuple[datetime | None, int]


def _by_due(rows: QuerySet[Case], position: Position | None) -> list[QuerySet[Case]]:
    """Those due first; behind them those without a due time, the newest first."""
    dated = rows.filter(next_due_at__isnull=False).order_by("next_due_at", "pk")
    undated = rows.filter(next_due_at=None).order_by("-pk")
    if position is None:
        return [dated, undated]
    moment, pk = position
    if moment is None:
        return [undated.filter(pk__lt=pk)]
    later = Q(next_due_at__gte=moment) & (Q(next_due_at__gt=moment) | Q(pk__gt=pk))
    return [dated.filter(later), undated]


def _newest(column: str) -> Callable[[QuerySet[Case], Position | None], list[QuerySet[Case]]]:
    def parts(rows: QuerySet[Case], position: Position | None) -> list[QuerySet[Case]]:
        found = rows.filter(**{f"{column}__isnull": False}).order_by(f"-{column}", "-pk")
        if position is None:
            return [found]
        moment, pk = position
        if moment is None:
            return []
        earlier = Q(**{f"{column}__lt": moment}) | Q(pk__lt=pk)
        return [found.filter(Q(**{f"{column}__lte": moment}) & earlier)]

    return parts


_ORDERS = {
    "due": _by_due,
    "updated": _newest("updated_at"),
    "opened": _newest("opened_at"),
    "closed": _newest("closed_at"),
}

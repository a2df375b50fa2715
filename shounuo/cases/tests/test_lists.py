"""Lists: views, counts, filters, pages by cursor; never more queries than rows ask for."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shounuo.cases import queries, services
from shounuo.cases.models import Case
from shounuo.cases.testing import make_case, make_field, make_resolved, make_topic
from shounuo.customers.testing import make_customer
from shounuo.events import subjects
from shounuo.events.subjects import NearestClock
from shounuo.kernel import paging
from shounuo.kernel.actors import Actor
from shounuo.kernel.errors import Invalid, NotAllowed, NotFound
from shounuo.staff.testing import AT

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system()


def due(case, at, *, warn=None, overdue=False):
    subjects.get("case").clocks_changed({case.pk: NearestClock(at, warn, "REG-2.2.1", overdue)})


def found(actor, view, **more):
    return [c.subject for c in queries.list_page(actor, view, at=AT, **more)[0]]


def test_the_seven_views_hold_what_their_names_say(cast, colleague):
    agent = cast.actor(cast.agent)
    make_case("unassigned", team=cast.team)
    mine = make_case("mine", team=cast.team, owner=cast.agent)
    make_case("colleague's", team=cast.team, owner=colleague)
    late = make_case("late", team=cast.team, owner=colleague)
    due(late, AT - timedelta(minutes=3), overdue=True)
    soon = make_case("soon", team=cast.team, owner=colleague)
    due(soon, AT + timedelta(minutes=6), warn=AT - timedelta(minutes=1))
    due(mine, AT + timedelta(hours=5), warn=AT + timedelta(hours=4))
    waiting = make_case("waiting", team=cast.team, owner=cast.agent)
    services.case_wait(case_id=waiting.pk, on="customer", actor=agent, at=AT)
    services.note_add(case_id=soon.pk, text="@", mentions=[cast.agent.pk], actor=cast.actor(colleague), at=AT)
    closed = make_resolved(subject="closed", owner=cast.agent, team=cast.team)
    services.case_close(case_id=closed.pk, actor=agent, at=AT)
    handed = make_case("handed", team=cast.other_team, owner=cast.outsider)
    services.case_transfer(
        case_id=handed.pk, team_id=cast.team.pk, reason="x", actor=cast.actor(cast.outsider), at=AT
    )
    assert found(agent, "mine") == ["mine", "waiting"]
    assert set(found(agent, "unassigned")) == {"unassigned", "handed"}
    assert found(agent, "open")[:3] == ["late", "soon", "mine"] and "closed" not in found(agent, "open")
    assert found(agent, "risk") == ["late", "soon"]
    assert found(agent, "waiting") == ["waiting"]
    assert found(agent, "mentioned") == ["soon"]
    assert found(agent, "closed") == ["closed"]
    counts = queries.view_counts(agent, AT)
    assert {k: c.total for k, c in counts.items()} == {
        v: len(found(agent, v)) for v in queries.VIEWS if v != "closed"
    }
    assert counts["open"].overdue == counts["risk"].overdue == 1 and counts["mine"].overdue == 0


def test_all_counts_come_in_two_queries(cast, django_assert_num_queries):
    agent = cast.actor(cast.agent)
    for _i in range(3):
        make_case(team=cast.team)
    with django_assert_num_queries(2):
        queries.view_counts(agent, AT)


@pytest.mark.parametrize("rows", [3, 30])
def test_a_page_costs_the_same_however_many_rows(cast, rows, django_assert_num_queries):
    agent = cast.actor(cast.agent)
    topic = make_topic()
    for i in range(rows):
        case = make_case(team=cast.team, owner=cast.agent, topic_id=topic.pk)
        due(case, AT + timedelta(minutes=i))
    with django_assert_num_queries(2):  # those with a due time, and (none left) those without
        page, cursor = queries.list_page(agent, "open", limit=50, at=AT)
        assert cursor is None and len(page) == rows
        for case in page:  # what a row shows costs nothing more
            assert (
                case.customer.company is None and case.owner.name and case.team.name and case.topic.full_name
            )
            assert case.unread is True and case.drafted is False


def walk(actor, view, limit, **more):
    """All rows of a view, page by page."""
    rows, cursor = [], None
    for _page in range(50):
        page, cursor = queries.list_page(actor, view, cursor, limit, at=AT, **more)
        rows += page
        if cursor is None:
            return rows
    raise AssertionError("endless pages")


@pytest.mark.parametrize("sort", ["due", "updated", "opened"])
@pytest.mark.parametrize("limit", [1, 3, 50])
def test_pages_hold_every_row_once_in_order(cast, sort, limit):
    cases = [make_case(team=cast.team, at=AT + timedelta(minutes=i // 3)) for i in range(11)]
    for i, case in enumerate(cases[:6]):
        due(case, AT + timedelta(hours=i // 2))  # some at the same moment, five without any
    rows = walk(SYSTEM, {"sort": sort}, limit)
    assert len(rows) == len({r.pk for r in rows}) == 11
    if sort == "due":
        dated = [r.next_due_at for r in rows if r.next_due_at]
        assert dated == sorted(dated) and [r.next_due_at for r in rows[6:]] == [None] * 5
    else:
        moments = [getattr(r, f"{sort}_at") for r in rows]
        assert moments == sorted(moments, reverse=True)


@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "'; DROP TABLE",
        paging.encode("yesterday", 1),
        paging.encode("2026-10-10T00:00:00", 1),
        paging.encode("2026-10-10T00:00:00+00:00", -1),
        paging.encode(1, 2),
        paging.encode("", 2**70),
    ],
)
def test_a_cursor_that_was_made_up_is_refused(cast, cursor):
    with pytest.raises(Invalid):
        queries.list_page(SYSTEM, "open", cursor, at=AT)


def test_filters_find_what_they_name(cast, colleague):
    agent = cast.actor(cast.agent)
    make_field("batch", label="批次")
    make_field("bags", label="袋数", type="number")
    feed = make_topic("feed", "饲料")
    caking = make_topic("caking", "结块", parent=feed)
    customer = make_customer("宋建国", mail="song@example.cn", company="兴旺家庭农场")
    a = make_case(
        "a",
        team=cast.team,
        owner=cast.agent,
        level="L2",
        kind="complaint",
        topic_id=caking.pk,
        tags=["受潮"],
        custom={"batch": "0926", "bags": 12},
        customer=customer,
        channel="form",
    )
    make_case("b", team=cast.team, at=AT - timedelta(days=10))
    services.search_index(a.pk)
    for query, wanted in (
        ({"status": "new"}, ["b"]),
        ({"status": {"not": "new"}}, ["a"]),
        ({"status": "active"}, ["a", "b"]),
        ({"kind": ["complaint", "praise"]}, ["a"]),
        ({"level": "none"}, ["b"]),
        ({"level": {"not": ["L1", "none"]}}, ["a"]),
        ({"owner": "me"}, ["a"]),
        ({"owner": "none"}, ["b"]),
        ({"owner": colleague.pk}, []),
        ({"team": "mine"}, ["a", "b"]),
        ({"team": "second"}, []),
        ({"team": cast.team.pk}, ["a", "b"]),
        ({"topic": "feed"}, ["a"]),
        ({"topic": {"not": "feed"}}, ["b"]),
        ({"topic": "unheard-of"}, []),
        ({"tag": "受潮"}, ["a"]),
        ({"tag": {"not": "受潮"}}, ["b"]),
        ({"channel": "form"}, ["a"]),
        ({"customer": customer.pk}, ["a"]),
        ({"company": customer.company_id}, ["a"]),
        ({"custom.batch": "0926"}, ["a"]),
        ({"custom.batch": "926"}, []),
        ({"custom.batch": "other"}, []),
        ({"custom.bags": 12}, ["a"]),
        ({"custom.bags": "12"}, ["a"]),
        ({"custom.bags": "120"}, []),
        ({"custom.bags": "²"}, []),
        ({"text": "结块"}, ["a"]),
        ({"text": "！！"}, []),
        ({"number": a.number}, ["a"]),
        ({"unanswered": False}, []),
        ({"opened": {"within": "P3D"}}, ["a"]),
        ({"opened": {"to": "2026-10-05"}}, ["b"]),
        ({"opened": {"from": "2026-10-10", "to": "2026-10-10"}}, ["a"]),
        ({"opened": {"from": AT.isoformat()}}, ["a"]),
        ({"opened": {"to": "2199-12-31"}}, ["a", "b"]),
        ({"due": {"within": "P1D"}}, []),
        ({"mentioned": "me"}, []),
        ({"helper": "me"}, []),
        ({"risk": True}, []),
    ):
        assert sorted(found(agent, query)) == wanted, query
    assert found(agent, "open", extra={"level": "L2", "sort": "opened"}) == ["a"]


def test_unread_is_what_came_since_one_read_it(cast):
    agent = cast.actor(cast.agent)
    case = make_case(team=cast.team)
    services.mark_read(case_id=case.pk, actor=agent, at=AT)
    assert queries.list_page(agent, "open", at=AT)[0][0].unread is False
    services.message_receive(
        case_id=case.pk, text="?", channel="mail", actor=SYSTEM, at=AT + timedelta(minutes=1)
    )
    assert queries.list_page(agent, "open", at=AT)[0][0].unread is True


def test_a_view_can_be_saved_for_oneself_and_for_a_team_one_leads(cast, colleague):
    agent, lead = cast.actor(cast.agent), cast.actor(cast.supervisor)
    mine = services.view_save(name="L3", query={"level": "L3"}, actor=agent, at=AT)
    shared = services.view_save(
        name="投诉", query={"kind": "complaint", "sort": "updated"}, team_id=cast.team.pk, actor=lead, at=AT
    )
    assert mine.query == {"level": {"is": ["L3"]}, "sort": "due"}
    assert set(queries.saved_views(agent)) == {mine, shared}
    assert set(queries.saved_views(cast.actor(colleague))) == {shared}
    assert not queries.saved_views(cast.actor(cast.outsider)).exists()
    with pytest.raises(NotFound):
        queries.saved_view(cast.actor(cast.outsider), shared.pk)
    with pytest.raises(NotAllowed):
        services.view_save(name="x", query={}, team_id=cast.team.pk, actor=agent, at=AT)
    with pytest.raises(NotFound):
        services.view_save(view_id=mine.pk, name="x", query={}, actor=cast.actor(colleague), at=AT)
    with pytest.raises(NotFound):
        services.view_delete(view_id=mine.pk, actor=lead, at=AT)
    with pytest.raises(Invalid):
        services.view_save(name="x", query={"owner__password": "y"}, actor=agent, at=AT)
    services.view_delete(view_id=mine.pk, actor=agent, at=AT)


hostile = st.one_of(
    st.text(max_size=30),
    st.integers(),
    st.booleans(),
    st.sampled_from(
        ["' OR 1=1 --", "1); DELETE FROM cases_case; --", "%", "_", "\\", "\x00", "me", "none", "P7D"]
    ),
)
keys = st.sampled_from(
    [
        "status",
        "owner",
        "team",
        "topic",
        "tag",
        "text",
        "opened",
        "due",
        "custom.x",
        "custom.a'b",
        "number",
        "sort",
    ]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        keys, hostile | st.lists(hostile, max_size=3) | st.dictionaries(hostile, hostile, max_size=2)
    )
)
def test_no_query_breaks_out_of_its_values(cast, query):
    """Whatever is asked is refused in words or answered from what the actor may see."""
    if not Case.objects.exists():
        make_case(team=cast.team)
        make_case("机密", team=cast.other_team)
    try:
        rows, _cursor = queries.list_page(cast.actor(cast.agent), query, at=AT)
    except Invalid:
        return
    assert all(r.team_id == cast.team.pk for r in rows) and Case.objects.count() == 2


def test_digits_alone_are_an_id_and_never_a_code(cast):
    """A list is asked by id or by code in one word: no topic has a code that would be read as another's id."""
    agent = cast.actor(cast.agent)
    feed, other = make_topic("feed", "饲料"), make_topic("2b", "其他")
    make_case("a", team=cast.team, topic_id=feed.pk)
    make_case("b", team=cast.team, topic_id=other.pk)
    for code in (str(feed.pk), "none", "mine"):
        with pytest.raises(Invalid) as refused:
            make_topic(code, "像编号")
        assert (refused.value.field, refused.value.code) == ("code", "reserved")
    assert found(agent, {"topic": str(feed.pk)}) == ["a"]
    assert found(agent, {"topic": "2b"}) == ["b"]
    assert found(agent, {"team": str(cast.team.pk)}) == found(agent, {"team": cast.team.code})
    for odd in ("²", "٣", "9" * 40):
        with pytest.raises(Invalid):
            found(agent, {"topic": odd})

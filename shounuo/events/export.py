"""Events as files for process mining and spreadsheets, streamed: CSV, and XES (IEEE 1849) with a trace per
case.

People are told apart by number, not by name: who needs names joins them with the right to see them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from xml.sax.saxutils import quoteattr

from shounuo.events import registry, subjects
from shounuo.events.models import Event, Stream
from shounuo.kernel import csvfile
from shounuo.kernel.actors import Actor

CHUNK = 500
HEAD = ("case", "subject", "id", "seq", "event", "label", "at", "actor", "payload")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_csv(
    actor: Actor,
    *,
    kind: str = "case",
    only: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[bytes]:
    """Lines of a CSV of the events on the subjects of this kind that the actor may see, subject by subject,
    in order.

    `only` is the id of the one subject wanted; `since` and `until` (half open) narrow by the events' time. Two queries per 500 subjects; nothing is held.
    """
    yield csvfile.MARK
    yield csvfile.row(HEAD)
    for label, events in _traces(actor, kind, since, until, only=only):
        for event in events:
            yield csvfile.row(
                (
                    label,
                    event.subject_kind,
                    event.subject_id,
                    event.seq,
                    event.kind,
                    _label(event.kind),
                    event.at,
                    _resource(event),
                    json.dumps(event.payload, ensure_ascii=False, sort_keys=True),
                )
            )


def as_xes(
    actor: Actor,
    *,
    kind: str = "case",
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[bytes]:
    """A XES log of the same events: a trace per subject, with the concept, time, organizational and lifecycle
    extensions; payload fields are attributes of their own type."""
    yield _XES_HEAD.encode()
    for label, events in _traces(actor, kind, since, until):
        lines = ["<trace>", _attribute("concept:name", label)]
        for event in events:
            lines += [
                "<event>",
                _attribute("concept:name", event.kind),
                _attribute("time:timestamp", event.at),
                _attribute("org:resource", _resource(event)),
                _attribute("lifecycle:transition", "complete"),
                _attribute("seq", event.seq),
                *(_attribute(f"sn:{key}", value) for key, value in sorted(event.payload.items())),
                "</event>",
            ]
        lines.append("</trace>\n")
        yield "".join(lines).encode()
    yield b"</log>\n"


def _traces(
    actor: Actor, kind: str, since: datetime | None, until: datetime | None, *, only: int | None = None
) -> Iterator[tuple[str, list[Event]]]:
    subject = subjects.get(kind)
    if subject is None:
        return
    last = 0
    while ids := (
        [only] if only is not None and not last else [] if only is not None else _next_ids(kind, last)
    ):
        last = ids[-1]
        seen = set(ids) if actor.is_system else subject.visible_ids(actor, ids)
        if not seen:
            continue
        labels = subject.label(seen)
        rows = Event.objects.filter(subject_kind=kind, subject_id__in=seen).order_by("subject_id", "seq")
        if since is not None:
            rows = rows.filter(at__gte=since)
        if until is not None:
            rows = rows.filter(at__lt=until)
        yield from ((labels.get(id, str(id)), events) for id, events in _by_subject(rows))


def _next_ids(kind: str, after: int) -> list[int]:
    rows = Stream.objects.filter(subject_kind=kind, subject_id__gt=after).order_by("subject_id")
    return list(rows.values_list("subject_id", flat=True)[:CHUNK])


def _by_subject(rows: Iterable[Event]) -> Iterator[tuple[int, list[Event]]]:
    events: list[Event] = []
    for row in rows:
        if events and events[0].subject_id != row.subject_id:
            yield events[0].subject_id, events
            events = []
        events.append(row)
    if events:
        yield events[0].subject_id, events


def _resource(event: Event) -> str:
    return event.actor_kind if event.actor_id is None else f"{event.actor_kind}:{event.actor_id}"


def _label(kind: str) -> str:
    declared = registry.kinds().get(kind)
    return str(declared.label) if declared is not None else ""


def _attribute(key: str, value: object) -> str:
    if isinstance(value, bool):
        return f"<boolean key={quoteattr(key)} value={quoteattr(str(value).lower())}/>"
    if isinstance(value, int):
        return f'<int key={quoteattr(key)} value="{value}"/>'
    if isinstance(value, float):
        return f'<float key={quoteattr(key)} value="{value}"/>'
    if isinstance(value, datetime):
        return f'<date key={quoteattr(key)} value="{value.isoformat(timespec="milliseconds")}"/>'
    text = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"<string key={quoteattr(key)} value={quoteattr(_NOT_XML.sub('', text))}/>"


_XES_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event">
<string key="concept:name" value=""/>
<date key="time:timestamp" value="1970-01-01T00:00:00.000+00:00"/>
<string key="org:resource" value=""/>
<string key="lifecycle:transition" value="complete"/>
</global>
<classifier name="Activity" keys="concept:name"/>
"""

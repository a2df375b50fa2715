"""The bodies and answers of inspections over the API, as its document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import AwareDatetime, Field, Strict

from shounuo.channels.api.answers import Given, Line, Number, Text

Clause = Annotated[Line, Field(min_length=1, max_length=64, examples=["LS-4.2.1"])]
Long = Annotated[Text, Field(min_length=1, max_length=5000)]
Person = Annotated[
    Annotated[int, Strict()] | Line, Field(description="id or login of a person", examples=["linxm"])
]
Source = Literal["case", "clock"]


class InspectionResultOut(Schema):
    kept: int
    not_kept: int
    not_applicable: int
    left: int = Field(description="not judged yet")
    share: float | None = Field(description="kept of those that could be, 0..1; empty: none is judged")


class InspectionClauseOut(InspectionResultOut):
    clause: str


class InspectionOut(Schema):
    id: int
    title: str
    state: str = Field(description="open, finished (corrections are owed), closed, cancelled")
    clauses: list[str]
    source: str = Field(description="case: cases opened in the time; clock: promises due in it")
    start: datetime
    end: datetime
    size: int = Field(description="how many were drawn")
    population: int = Field(description="from how many")
    result: InspectionResultOut
    inspectors: list[int]
    due_at: datetime
    created_at: datetime
    created_by: int | None
    finished_at: datetime | None
    finished_by: int | None
    ended_at: datetime | None = Field(description="closed or cancelled")
    conclusion: str | None
    reason: str | None = Field(description="why it was cancelled")


class JudgementOut(Schema):
    id: int
    clause: str
    verdict: str | None = Field(description="kept, not_kept, not_applicable; empty: not judged yet")
    note: str | None
    judged_at: datetime | None
    judged_by: int | None


class InspectionItemOut(Schema):
    id: int
    position: int
    about: str | None = Field(description="kind:id where the caller may see it", examples=["case:12"])
    clock: int | None = Field(description="the promise by which it was drawn")
    team: int | None
    inspector: int
    judgements: list[JudgementOut]


class FindingOut(Schema):
    id: int
    inspection: int
    clause: str
    severity: str = Field(description="minor, notable, serious")
    cause: str = Field(description="unclear, unknown, skill, oversight, staffing, tool, handover, other")
    text: str
    judgements: list[int] = Field(description="those that show it")
    stands: str = Field(description="open, waiting (corrected, not verified), verified, dropped")
    round: int
    duty: int | None = Field(description="the correction's")
    owner: int | None
    due_at: datetime | None
    created_at: datetime
    created_by: int | None
    verified_at: datetime | None
    verified_by: int | None
    note: str | None = Field(description="of the verification, or why it was last returned")


class InspectionFullOut(InspectionOut):
    narrowed: dict[str, str] = Field(description="what else they must be")
    by_team: bool
    seed: int = Field(description="draws the sample again")
    digest: str
    team: int | None
    role: str | None
    duty: int | None = Field(description="the cadence's that this fulfils")
    by_clause: list[InspectionClauseOut]
    items: list[InspectionItemOut]
    findings: list[FindingOut]


class InspectionCheckOut(Schema):
    same: bool = Field(description="what it was drawn from is as it was")
    agrees: bool = Field(description="the seed draws just these of it")
    population: int


class InspectionsAsked(Schema):
    state: Literal["open", "finished", "closed", "cancelled"] | None = None
    clause: Annotated[Line, Field(max_length=64)] | None = Field(None, description="code of a clause")


class FindingsAsked(Schema):
    verified: bool | None = Field(None, description="false: those still to be corrected or verified")
    clause: Annotated[Line, Field(max_length=64)] | None = Field(None, description="code of a clause")


class InspectionNarrowedGiven(Given):
    team: Annotated[Line, Field(max_length=60)] | None = Field(None, description="code of a team")
    channel: Annotated[Line, Field(max_length=60)] | None = None
    kind: Annotated[Line, Field(max_length=60)] | None = None
    level: Annotated[Line, Field(max_length=60)] | None = None
    outcome: Literal["met", "breached"] | None = Field(None, description="of promises only")


class InspectionGiven(Given):
    """The inspectors are the people named, else the members of the team or the holders of the role."""

    title: Annotated[Line, Field(min_length=1, max_length=120)] = Field(examples=["首次响应抽查"])
    clauses: list[Clause] = Field(min_length=1, max_length=20, description="in force, at most 20")
    source: Source = "case"
    start: AwareDatetime = Field(examples=["2026-10-01T00:00:00+08:00"])
    end: AwareDatetime = Field(description="not included", examples=["2026-11-01T00:00:00+08:00"])
    size: int = Field(20, ge=1, le=500, description="how many to draw")
    by_team: bool = Field(False, description="by team in proportion")
    narrowed: InspectionNarrowedGiven | None = None
    inspectors: list[Person] = Field(default_factory=list, max_length=30)
    team: int | Line | None = Field(None, description="id or code of the supervision group's team")
    role: Annotated[Line, Field(max_length=40)] = Field("", description="code of the group's role")
    due_at: AwareDatetime = Field(examples=["2030-01-08T17:00:00+08:00"])
    duty: Number | None = Field(None, description="the cadence's duty that this fulfils")


class VerdictGiven(Given):
    item: Number
    clause: Clause
    verdict: Literal["kept", "not_kept", "not_applicable", ""] = Field(examples=["kept"])
    note: Annotated[Text, Field(max_length=1000)] = Field("", examples=["没有在时限内答复"])


class FindingGiven(Given):
    clause: Clause
    severity: Literal["minor", "notable", "serious"] = "notable"
    cause: Literal["unclear", "unknown", "skill", "oversight", "staffing", "tool", "handover", "other"]
    text: Long = Field(examples=["午休时间没有人接"])
    owner: Person
    due_at: AwareDatetime = Field(examples=["2030-01-08T17:00:00+08:00"])
    judgements: list[Number] = Field(
        default_factory=list, max_length=500, description="those, not kept, that show it"
    )


class ConclusionGiven(Given):
    conclusion: Long = Field(examples=["午休时间首响偏慢，已交办整改"])


class InspectionReasonGiven(Given):
    reason: Annotated[Line, Field(min_length=1, max_length=300)] = Field(examples=["范围选错了"])


class FindingVerifyGiven(Given):
    note: Long = Field(examples=["复查三天录音，午休有人接"])


class FindingReturnGiven(Given):
    reason: Long = Field(examples=["周末仍无人值守"])
    due_at: AwareDatetime = Field(examples=["2030-01-08T17:00:00+08:00"])
    owner: Person | None = Field(None, description="the same as before without it")

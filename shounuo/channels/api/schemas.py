"""The bodies and answers of the API, as its document shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Field, Schema
from pydantic import ConfigDict, Strict

from shounuo.channels.api.answers import Given, Line, Moment, Number, Text
from shounuo.kernel.moments import GivenMoment

Channel = Literal["mail", "form", "api", "phone", "visit", "chat", "sms", "wechat", "social", "letter"]
Kind = Literal["inquiry", "request", "complaint", "aftersales", "praise", "suggestion"]
Level = Literal["L1", "L2", "L3"]
Status = Literal["new", "open", "waiting_customer", "waiting_internal", "resolved", "closed"]
Direction = Literal["in", "out", "note"]
ClockState = Literal["running", "paused", "met", "breached", "cancelled"]
Body = Annotated[
    Text, Field(min_length=1, max_length=1_000_000, examples=["饲料开袋后有结块，请问能不能换货？"])
]
Reason = Annotated[Text, Field(min_length=1, max_length=2000, examples=["问题又出现了"])]
Who = Annotated[
    Annotated[int, Strict()] | Line | None,
    Field(
        None,
        description="id (digits alone), or login of a person and code of a team (never digits alone)",
        examples=["linxm"],
    ),
]


class CustomerGiven(Given):
    """Who it is about: one with the same mail or phone is the same customer."""

    name: Annotated[Line, Field(max_length=120)] = Field("", examples=["宋建国"])
    mail: Annotated[Line, Field(max_length=320)] = Field("", examples=["songjg@example.cn"])
    phone: Annotated[Line, Field(max_length=40)] = Field("", examples=["13812345678"])
    company: Annotated[Line, Field(max_length=160)] = Field("", examples=["河套牧场"])


class CaseGiven(Given):
    channel: Channel = Field("api", examples=["api"])
    kind: Kind = Field("inquiry", examples=["inquiry"])
    subject: Annotated[Line, Field(max_length=300)] = Field("", examples=["饲料结块"])
    body: Body
    level: Level | None = Field(None, examples=["L2"])
    customer: CustomerGiven


class InteractionGiven(Given):
    """`out` answers the customer, `in` records what he said, `note` stays in the house."""

    direction: Direction = Field(examples=["out"])
    body: Body
    channel: Channel | None = Field(None, description="the case's own without it")


class NoteGiven(Given):
    body: Body
    mentions: list[Annotated[int, Field(ge=1, le=2**53)]] = Field(
        default_factory=list, max_length=20, description="ids of colleagues to tell"
    )


class OptionGiven(Given):
    title: Annotated[Line, Field(min_length=1, max_length=120)] = Field(examples=["整批换货"])
    pros: Annotated[Text, Field(max_length=2000)] = Field("", examples=["当天发出"])
    cons: Annotated[Text, Field(max_length=2000)] = Field("", examples=["需寄回余料"])
    steps: Annotated[Text, Field(max_length=4000)] = Field("", examples=["1. 拍照 2. 寄回 3. 换发"])
    time: Annotated[Line, Field(max_length=60)] = Field("", examples=["3 天"])
    cost: Annotated[Line, Field(max_length=60)] = Field("", examples=["0 元"])


class ActionGiven(Schema):
    """The body of an action; each action takes its own fields and no others."""

    model_config = ConfigDict(extra="allow")


class Nothing(Given):
    """`{}` or no body at all."""


class AssignGiven(Given):
    person: Who = None
    team: Who = None


class TransferGiven(AssignGiven):
    reason: Reason


class ProposeGiven(Given):
    options: list[OptionGiven] = Field(min_length=1, max_length=3)


class ChooseGiven(Given):
    option: int = Field(ge=1, le=3, description="Its place in the open plan: 1 to 3", examples=[1])
    plan: int | None = Field(
        None,
        description="The plan that was looked at, as in `plan.proposed`; 409 when another has taken its place",
    )


class ResolveGiven(Given):
    text: Body


class ReasonGiven(Given):
    reason: Reason


class ProgressGiven(Given):
    text: Body
    public: bool = Field(False, description="told to the customer; otherwise a note of the house")
    aspect: Literal["progress", "operation", "cooperation"] = "progress"


class FeedbackGiven(Given):
    text: Body
    how: Literal["remote", "onsite", "customer"] = Field(
        "customer", description="how the result was verified"
    )


class FillGiven(Given):
    values: dict[str, Any] = Field(
        max_length=50,
        description="own fields by code; null or an empty text clears one, fields not named stay",
        examples=[{"batch": "F1122-6"}],
    )


class WaitGiven(Given):
    on: Literal["customer", "internal"] = "customer"
    reason: Annotated[Line, Field(max_length=120)] = Field("", examples=["等客户寄回样品"])
    until: GivenMoment | None = Field(None, examples=["2030-01-08T17:00:00+08:00"])


class AskGiven(Given):
    team: Annotated[int, Strict()] | Line = Field(
        description="id or code of the team", examples=["logistics"]
    )
    text: Body
    due_at: GivenMoment | None = Field(
        None,
        description="empty: by what the clauses promise for the team's department",
        examples=["2030-01-08T17:00:00+08:00"],
    )


class ClassifyGiven(Given):
    kind: Kind | None = None
    level: Level | None = None
    severity: Literal["general", "serious", "major"] | None = None
    complexity: Literal["simple", "general", "complex"] | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    topic: int | None = None


class DiagnoseGiven(Given):
    text: Body


class ExpectGiven(Given):
    at: GivenMoment = Field(
        description="when the customer may expect the result", examples=["2030-01-08T17:00:00+08:00"]
    )


class MergeGiven(Given):
    into: Number


class PersonRef(Schema):
    id: int
    login: str
    name: str


class TeamRef(Schema):
    id: int
    code: str
    name: str


class TopicRef(Schema):
    code: str
    path: str
    name: str


class CustomerRef(Schema):
    id: int
    name: str


class CaseClockOut(Schema):
    id: int
    clause: str = Field(examples=["REG-2.2.1"])
    commitment: str = Field(examples=["first-response"])
    round: int
    state: ClockState
    started_at: Moment
    warn_at: Moment | None
    due_at: Moment
    met_at: Moment | None
    breached_at: Moment | None
    cancelled_at: Moment | None
    cancel_reason: str | None


class CaseOut(Schema):
    number: Number
    status: Status
    kind: Kind
    level: Level | None
    severity: Literal["general", "serious", "major"] | None
    complexity: Literal["simple", "general", "complex"] | None
    priority: Literal["low", "normal", "high", "urgent"]
    channel: Channel
    channel_class: Literal["primary", "secondary"]
    subject: str = Field(examples=["饲料结块"])
    owner: PersonRef | None
    team: TeamRef | None
    topic: TopicRef | None
    customer: CustomerRef
    tags: list[str]
    custom: dict[str, Any]
    opened_at: Moment
    accepted_at: Moment | None
    first_response_at: Moment | None
    expected_at: Moment | None
    resolved_at: Moment | None
    confirmed_at: Moment | None
    closed_at: Moment | None
    updated_at: Moment
    next_due_at: Moment | None
    overdue: bool
    unanswered: bool
    transfer_count: int
    reopen_count: int
    version: int
    clocks: list[CaseClockOut]


class InteractionOut(Schema):
    id: int
    case: Number
    direction: Direction
    channel: Channel
    purpose: str | None = Field(description="answer, solution, progress, dispute and so on")
    subject: str
    body: str
    person: PersonRef | None
    customer: int | None
    automatic: bool
    state: Literal["done", "queued", "failed"]
    error: str | None
    at: Moment
    sender: str | None = Field(description="masked")
    threaded_by: str | None = Field(description="what brought a mail to its case")
    files: list[FileOut]


class FileOut(Schema):
    id: int
    name: str
    size: int
    content_type: str


class SubjectRef(Schema):
    kind: str = Field(examples=["case"])
    id: int
    number: Number | None = Field(None, description="of a case")


class ActorRef(Schema):
    kind: Literal["person", "customer", "system", "bot"]
    id: int | None


class EventOut(Schema):
    id: int
    kind: str = Field(examples=["interaction.sent"])
    at: Moment
    subject: SubjectRef
    seq: int
    actor: ActorRef
    payload: dict[str, Any]


class ContactOut(Schema):
    id: int
    kind: Literal["mail", "phone"]
    value: str = Field(description="masked; a reveal is made on the customer's page and leaves a trace")
    masked: bool
    verified: bool


class CustomerOut(Schema):
    id: int
    name: str
    company: str | None
    segment: str | None
    region: str | None
    contacts: list[ContactOut]
    created_at: Moment


class CustomerChange(Given):
    name: Annotated[Line, Field(min_length=1, max_length=120)] | None = None
    company: Annotated[Line, Field(max_length=160)] | None = None
    region: Annotated[Line, Field(max_length=120)] | None = None
    title: Annotated[Line, Field(max_length=60)] | None = None
    note: Annotated[Text, Field(max_length=4000)] | None = None


class RawOut(Schema):
    id: int
    state: str
    reason: str
    via: Literal["smtp", "imap", "import"]
    mailbox: int | None
    sender: str
    recipients: list[str]
    subject: str
    message_id: str
    size: int
    received_at: Moment
    attempts: int


class WebhookGiven(Given):
    name: Annotated[Line, Field(min_length=1, max_length=80)] = Field(examples=["ERP"])
    url: Annotated[Line, Field(max_length=500)] = Field(examples=["https://erp.example.cn/hooks/shounuo"])
    kinds: list[Annotated[Line, Field(max_length=64)]] = Field(
        min_length=1, max_length=100, examples=[["case.*", "interaction.sent"]]
    )


class WebhookChange(Given):
    name: Annotated[Line, Field(min_length=1, max_length=80)] | None = None
    url: Annotated[Line, Field(max_length=500)] | None = None
    kinds: list[Annotated[Line, Field(max_length=64)]] | None = Field(None, min_length=1, max_length=100)
    active: bool | None = None


class WebhookOut(Schema):
    id: int
    name: str
    url: str
    kinds: list[str]
    active: bool
    created_at: Moment
    failing_since: Moment | None


class WebhookMade(WebhookOut):
    secret: str = Field(description="told this once")


class WebhookAnswer(Schema):
    status: int
    body: str


class DeliveryOut(Schema):
    id: int
    webhook: int
    event: int
    kind: str
    state: Literal["queued", "done", "failed"]
    attempts: int
    status_code: int | None
    response: str
    created_at: Moment
    tried_at: Moment | None
    next_at: Moment | None


class CasesAsked(Schema):
    """Filters of the case list; each may be given several times."""

    status: list[Status] | None = None
    kind: list[Kind] | None = None
    channel: list[Channel] | None = None
    level: list[Literal["L1", "L2", "L3", "none"]] | None = None
    owner: list[str] | None = Field(None, description="id, login, `me` or `none`")
    team: list[str] | None = Field(None, description="id, code, `mine` or `none`")
    customer: int | None = Field(None, ge=1, le=2**53)
    overdue: bool | None = None
    q: Annotated[Line, Field(max_length=100)] | None = Field(
        None, description="the number of a case that the token may see; words to find otherwise"
    )
    opened_from: datetime | None = None
    opened_to: datetime | None = None


InteractionOut.model_rebuild()

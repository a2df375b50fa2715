"""What is counted: observations 观测, made from events and tables, and how far they have been made.

Both are a projection: they may be thrown away and made again (`services.rebuild`) with the identical result.
"""

from datetime import UTC, datetime

from django.db import models

OPEN_END = datetime(9000, 1, 1, tzinfo=UTC)
"""`until` of a span that has not ended."""


class Observation(models.Model):
    """One thing that counts in a figure: that a case was opened, how long its first answer took, a stretch in which it
    waited. Written by the projection alone, a subject's rows of one source together.

    `at` is the moment at which it counts, `day` and `hour` the same in the organisation's zone. A stretch of time goes
    from `at` to `until` (`OPEN_END`: not over), other observations have none. `value` is what was measured (seconds,
    counts), `hit` yes or no where that is decided, `flags` further answers as bits (`Series.flags` names them),
    `outcome` how it ended. `ref` tells apart the rows of one subject and series. Empty dimensions are NULL or "".
    """

    pk = models.CompositePrimaryKey("source", "subject_kind", "subject_id", "series", "ref")
    subject_id = models.BigIntegerField()
    ref = models.BigIntegerField(default=0)
    at = models.DateTimeField()
    until = models.DateTimeField(null=True)
    value = models.FloatField(null=True)
    team_id = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField(null=True)
    customer_id = models.BigIntegerField(null=True)
    mailbox_id = models.BigIntegerField(null=True)
    product_id = models.BigIntegerField(null=True)
    day = models.DateField()
    flags = models.IntegerField(default=0)
    hour = models.SmallIntegerField()
    hit = models.BooleanField(null=True)
    source = models.CharField(max_length=24)
    subject_kind = models.CharField(max_length=32)
    series = models.CharField(max_length=40)
    outcome = models.CharField(max_length=40, default="", blank=True)
    channel = models.CharField(max_length=8, default="", blank=True)
    channel_class = models.CharField(max_length=10, default="", blank=True)
    kind = models.CharField(max_length=12, default="", blank=True)
    level = models.CharField(max_length=2, default="", blank=True)
    severity = models.CharField(max_length=8, default="", blank=True)
    complexity = models.CharField(max_length=8, default="", blank=True)
    priority = models.CharField(max_length=8, default="", blank=True)
    topic = models.CharField(max_length=60, default="", blank=True)
    segment = models.CharField(max_length=20, default="", blank=True)
    clause = models.CharField(max_length=64, default="", blank=True)
    commitment = models.CharField(max_length=64, default="", blank=True)

    class Meta:
        indexes = [
            # Figures are read from the indexes alone: they hold every column that a figure may need.
            models.Index(
                fields=["series", "at"],
                name="metrics_observation_series",
                include=[
                    "until", "value", "team_id", "person_id", "customer_id", "mailbox_id", "product_id", "day", "flags",
                    "hour", "hit", "outcome", "channel", "channel_class", "kind", "level", "severity", "complexity", "priority", "topic",
                    "segment", "clause", "commitment",
                ],
            ),
            # Those of single clauses, without reading all that was promised in the meantime.
            models.Index(
                fields=["series", "clause", "at"],
                name="metrics_observation_clause",
                condition=~models.Q(clause=""),
                include=[
                    "value", "team_id", "person_id", "day", "flags", "hit", "outcome", "channel", "channel_class", "kind", "level",
                    "segment", "commitment",
                ],
            ),
            models.Index(
                fields=["series", "until"],
                name="metrics_observation_until",
                condition=models.Q(until__isnull=False),
                include=[
                    "at", "value", "team_id", "person_id", "customer_id", "mailbox_id", "product_id", "flags", "hit",
                    "outcome", "channel", "channel_class", "kind", "level", "severity", "complexity", "priority", "topic", "segment",
                    "clause", "commitment",
                ],
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.series} {self.subject_kind}:{self.subject_id}#{self.ref}"


class Progress(models.Model):
    """How far a source has been observed: its position in the event log, with which version of its definition and in
    which zone it was built, and up to which unit a rebuild has come (`built_at` empty: it is under way)."""

    source = models.CharField(max_length=24, primary_key=True)
    signature = models.CharField(max_length=80)
    xid = models.BigIntegerField()
    event_id = models.BigIntegerField()
    built_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.source} {self.xid}:{self.event_id}"

"""What happened. Rows are written by `services.publish` only; the database itself refuses to change or delete them."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Xid8Field(models.BigIntegerField):
    """PostgreSQL's 64-bit transaction id; read as an integer, written by the database default alone."""

    def db_type(self, connection):  # type: ignore[no-untyped-def]
        return "xid8"

    def get_db_prep_value(self, value, connection, prepared=False):  # type: ignore[no-untyped-def]
        """Text, so that PostgreSQL reads the literal as xid8: there is no cast from bigint."""
        return None if value is None else str(value)

    def select_format(self, compiler, sql, params):  # type: ignore[no-untyped-def]
        return f"({sql})::text::bigint", params


class Stream(models.Model):
    """The last sequence number of a subject; its row lock orders the subject's events."""

    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    last_seq = models.IntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="events_stream_subject")
        ]


class Era(models.Model):
    """A stretch of the log within which transaction ids grow; the newest row is the one that runs.

    `cluster` names the PostgreSQL cluster it was written in (system identifier/timeline). No row: era 0.
    """

    number = models.BigIntegerField(primary_key=True)
    cluster = models.CharField(max_length=64)
    began_at = models.DateTimeField()


class Event(models.Model):
    """One thing that happened. `at` is when it happened, `xid` the transaction that wrote it: the era in the upper
    sixteen bits, the cluster's own transaction id in the lower forty-eight. (`xid`, `id`) is a reader's position."""

    xid = Xid8Field(db_default=models.Func(function="events_position"))
    kind = models.CharField(max_length=64)
    at = models.DateTimeField()
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    seq = models.IntegerField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id", "seq"], name="events_event_subject")
        ]
        indexes = [
            BrinIndex(fields=["at"], name="events_event_at"),
            models.Index(fields=["xid", "id"], name="events_event_position"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_kind}:{self.subject_id}#{self.seq}"


class Handled(models.Model):
    """A handler has done its work for an event: what makes repeated dispatch harmless. Pruned after a week."""

    event_id = models.BigIntegerField()
    handler = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "handler"], name="events_handled_once")]
        indexes = [BrinIndex(fields=["at"], name="events_handled_at")]


class Failure(models.Model):
    """A handler failed on an event and will be tried again; shown on the operations page until it succeeds."""

    event_id = models.BigIntegerField()
    handler = models.CharField(max_length=64)
    attempts = models.IntegerField(default=1)
    error = models.TextField()
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "handler"], name="events_failure_once")]

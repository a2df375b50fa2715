"""Who looked at or changed what outside the cases' own history: access and configuration. Append-only,
sealed.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Entry(models.Model):
    """One access or change. `detail` holds codes, ids and old/new values of settings, never secrets."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    action = models.CharField(max_length=64)
    target_kind = models.CharField(max_length=32, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            BrinIndex(fields=["at"], name="audit_entry_at"),
            models.Index(fields=["action", "-id"], name="audit_entry_action"),
            models.Index(fields=["target_kind", "target_id"], name="audit_entry_target"),
        ]


class Seal(models.Model):
    """A batch of rows under a hash that holds the one before it: what was sealed cannot be changed unnoticed.

    `proofs` has 16 bytes a row in order of id: the id and the first half of the row's own hash, so that a
    broken row can be named. `digest` is the SHA-256 over source, range, the previous digest and the proofs;
    `signature` is made of it with the installation's key, which the database does not hold.
    """

    source = models.CharField(max_length=16)  # events | audit
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    rows = models.IntegerField()
    proofs = models.BinaryField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    signature = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "first_id"], name="audit_seal_once")]


class Pruning(models.Model):
    """The rows of a source up to an id are gone by retention; signed like a seal, over the digest of the last seal that
    went empty. The database deletes sealed rows only up to here."""

    source = models.CharField(max_length=16)
    through_id = models.BigIntegerField()
    signature = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "through_id"], name="audit_pruning_once")]


class Retention(models.Model):
    """How many days a kind of what is kept (`retention.Kept`) is kept; None for ever."""

    kind = models.CharField(max_length=32, primary_key=True)
    days = models.PositiveIntegerField(null=True)


class Hold(models.Model):
    """A legal hold on a case or a customer, with its reason (a file number); lifted ones stay as a record."""

    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    placed_by = models.BigIntegerField(null=True)
    placed_at = models.DateTimeField()
    lifted_by = models.BigIntegerField(null=True)
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_kind", "subject_id"],
                condition=models.Q(lifted_at=None),
                name="audit_hold_once",
            )
        ]

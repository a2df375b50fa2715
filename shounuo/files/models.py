"""Files and what they hang on. Bytes are content-addressed in the store, written before their row."""

from django.db import models


class Blob(models.Model):
    """Stored bytes, named by their SHA-256."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField()
    content_type = models.CharField(max_length=100)
    created_at = models.DateTimeField()


class File(models.Model):
    """A named file on a subject. `ref` points into the subject (an interaction's id); `internal` ones are for
    staff.
    """

    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=255)
    subject_kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    ref = models.BigIntegerField(null=True)
    cid = models.CharField(max_length=255, blank=True)
    internal = models.BooleanField(default=False)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["subject_kind", "subject_id"], name="files_file_subject"),
            models.Index(fields=["at"], condition=models.Q(subject_kind="draft"), name="files_file_draft"),
        ]

"""How long things are kept. Of the log's own rows the database lets go of those that a signed pruning names, no others."""

from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_entry' THEN
    IF OLD.id <= (SELECT max(through_id) FROM audit_pruning WHERE source = 'audit') THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_pruning_append_only BEFORE UPDATE OR DELETE ON audit_pruning
  FOR EACH ROW EXECUTE FUNCTION audit_append_only();
CREATE TRIGGER audit_pruning_no_truncate BEFORE TRUNCATE ON audit_pruning
  FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only();
"""
BACKWARD = """
DROP TRIGGER audit_pruning_append_only ON audit_pruning;
DROP TRIGGER audit_pruning_no_truncate ON audit_pruning;
CREATE OR REPLACE FUNCTION audit_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
"""


def carry_over(apps, schema_editor):
    """The days of raw mails that stood in the organisation's settings."""
    for row in apps.get_model("staff", "Organisation").objects.all():
        days = row.settings.pop("keep_raw_mail_days", None)
        if isinstance(days, int) and days > 0:
            apps.get_model("audit", "Retention").objects.create(kind="raw_mail", days=days)
            row.save(update_fields=["settings"])


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only"),
        ("staff", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Retention",
            fields=[
                ("kind", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("days", models.PositiveIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject_kind", models.CharField(max_length=32)),
                ("subject_id", models.BigIntegerField()),
                ("reason", models.CharField(max_length=300)),
                ("placed_by", models.BigIntegerField(null=True)),
                ("placed_at", models.DateTimeField()),
                ("lifted_by", models.BigIntegerField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("lifted_at", None)),
                        fields=("subject_kind", "subject_id"),
                        name="audit_hold_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Pruning",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=16)),
                ("through_id", models.BigIntegerField()),
                ("signature", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("source", "through_id"), name="audit_pruning_once")
                ],
            },
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]

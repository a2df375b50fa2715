"""Positions grow over a restore into another cluster: the era of the log stands in front of the transaction id.

The function is VOLATILE, so that a writer who waited for a new era reads that one (docs/decisions/0005).
"""

from django.db import migrations, models

import shounuo.events.models

FORWARD = """
CREATE FUNCTION events_position() RETURNS xid8 LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  RETURN (SELECT ((coalesce(max(number), 0) << 48) + pg_current_xact_id()::text::bigint)::text::xid8 FROM events_era);
END $$;
CREATE FUNCTION events_horizon() RETURNS xid8 LANGUAGE sql STABLE AS $$
  SELECT ((coalesce(max(number), 0) << 48) + pg_snapshot_xmin(pg_current_snapshot())::text::bigint)::text::xid8
  FROM events_era
$$;
"""
BACKWARD = "DROP FUNCTION events_position(); DROP FUNCTION events_horizon();"


class Migration(migrations.Migration):
    dependencies = [("events", "0002_append_only")]
    operations = [
        migrations.CreateModel(
            name="Era",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("cluster", models.CharField(max_length=64)),
                ("began_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name="event",
            name="xid",
            field=shounuo.events.models.Xid8Field(db_default=models.Func(function="events_position")),
        ),
    ]

"""Rows are written once: the database refuses to change or delete them, whoever asks."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION events_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER events_event_append_only BEFORE UPDATE OR DELETE ON events_event
  FOR EACH ROW EXECUTE FUNCTION events_append_only();
CREATE TRIGGER events_event_no_truncate BEFORE TRUNCATE ON events_event
  FOR EACH STATEMENT EXECUTE FUNCTION events_append_only();
"""
BACKWARD = "DROP FUNCTION events_append_only() CASCADE"


class Migration(migrations.Migration):
    dependencies = [("events", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

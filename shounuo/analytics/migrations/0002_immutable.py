"""A report stays as it was made; the database refuses to change or delete it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION analytics_report_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'report % stays as it was made', OLD.id;
END $$;

CREATE TRIGGER analytics_report_immutable BEFORE UPDATE OR DELETE ON analytics_report
  FOR EACH ROW EXECUTE FUNCTION analytics_report_guard();
"""

BACKWARD = """
DROP TRIGGER analytics_report_immutable ON analytics_report;
DROP FUNCTION analytics_report_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("analytics", "0001_reports")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]

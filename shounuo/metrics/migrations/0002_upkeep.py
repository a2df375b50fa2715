from django.db import migrations


class Migration(migrations.Migration):
    """Figures are read from the indexes alone, which needs the table vacuumed soon after it has changed."""

    dependencies = [("metrics", "0001_initial")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE metrics_observation SET (autovacuum_vacuum_scale_factor = 0.02,"
            " autovacuum_vacuum_insert_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05)",
            "ALTER TABLE metrics_observation RESET (autovacuum_vacuum_scale_factor,"
            " autovacuum_vacuum_insert_scale_factor, autovacuum_analyze_scale_factor)",
        )
    ]

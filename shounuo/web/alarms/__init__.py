"""Pages of the alarms."""

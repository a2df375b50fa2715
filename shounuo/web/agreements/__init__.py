"""Pages of the service agreements."""

"""Pages of playbooks under way."""

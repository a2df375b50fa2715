"""Pages of grants and approvals."""

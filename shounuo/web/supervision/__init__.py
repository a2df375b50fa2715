"""Pages of supervision: inspections by sample, and what came of them."""

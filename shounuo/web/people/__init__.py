"""Staff pages about customers: list, card, contacts, merges, companies, export and erasure."""

"""Clauses and rules in forms: what is shown for editing, what is typed, and the change that it makes of a pack. Pure."""

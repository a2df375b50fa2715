"""Pure decisions about cases: states and who may move them, the record, own fields, queries, ready answers."""

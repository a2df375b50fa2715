"""Measurements against a running installation with 100,000 cases: script/bench and script/crash."""

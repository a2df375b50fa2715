"""Noting a call or a visit while it lasts."""

"""Readers of the dashboards, at the size of a great province, while a night publishes."""

"""Apache Superset: its installation, its service, and dashboards as code."""

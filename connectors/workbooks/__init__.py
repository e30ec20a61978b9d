"""Workbooks: the template that goes out, and the reader of what comes back."""

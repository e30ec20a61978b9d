"""The whole warehouse held against a small model of it, over random histories."""

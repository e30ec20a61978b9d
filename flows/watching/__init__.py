"""Watching the nights from outside them: what is known, what is wrong with it, and where it can be asked for."""

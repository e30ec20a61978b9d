"""Erasing one person everywhere: rows, tokens, originals, answers on disk, and what older backups still hold (docs/engineering/locked-room.md)."""

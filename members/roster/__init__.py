"""Rosters as files: their columns, their cells, reading and writing. No database."""

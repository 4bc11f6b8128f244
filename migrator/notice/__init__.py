"""Warnings that a session's machine is going away: many sources, one event type."""

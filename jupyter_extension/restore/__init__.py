"""Brings a session to life from a snapshot and its journal."""

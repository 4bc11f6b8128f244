"""Objects and settings of popular libraries, one family per module."""

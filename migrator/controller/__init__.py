"""The controller: turns warnings and deaths into moves, and drives them to their end."""

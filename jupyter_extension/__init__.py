"""Keeps this Jupyter server's session alive when its machine goes away: the part that runs in the user's pod."""

"""The control plane of the session migrator, and the snapshot library that both sides use."""

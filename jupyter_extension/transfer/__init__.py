"""A session as one file: `files/` as they are, and under `state/` the variables, which `migrator restore` and an upload take."""

"""A member's JupyterHub: its configuration, its spawner, and the enclosure in which its user servers run."""

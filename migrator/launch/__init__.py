"""How a member starts and stops a session's server: through its JupyterHub."""

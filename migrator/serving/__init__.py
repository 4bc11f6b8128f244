"""The shell that the three services share: settings, JSON logs, health, metrics, errors and an orderly end."""

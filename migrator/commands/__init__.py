"""The subcommands of `migrator`, one module each."""

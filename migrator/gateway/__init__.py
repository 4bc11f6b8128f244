"""The gateway: the only thing that pods talk to. It checks whose turn it is (the epoch) where bytes enter."""

"""The rig that needs neither Docker nor a registry: nodes are namespaces of this machine."""

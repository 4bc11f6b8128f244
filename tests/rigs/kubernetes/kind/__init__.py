"""The rig on kind (https://kind.sigs.k8s.io): nodes are containers of a Docker engine on this machine."""

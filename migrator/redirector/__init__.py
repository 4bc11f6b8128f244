"""The redirector: the federation's front door, which knows where a browser's session lives now."""

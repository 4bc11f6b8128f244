"""The redo log: what the page asked of the kernels since the last checkpoint, and what they answered."""

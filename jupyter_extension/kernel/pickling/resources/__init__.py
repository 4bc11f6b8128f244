"""Objects that stand for something of the operating system or the interpreter, one family per module."""

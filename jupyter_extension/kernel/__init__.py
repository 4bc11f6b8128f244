"""What runs inside the user's kernel. A server loads it by path, as the package `session_migrator_kernel`.

Standard library only, any CPython from 3.8 on: the kernel's environment is the user's and gets nothing installed.
"""

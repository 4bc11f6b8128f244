"""`make coverage`: which objects of popular libraries survive a move, by this project and by its peers; writes docs/coverage.md.

It lives beside the benchmarks because it is one: it needs the same peers, kernels and store, and its result is a document. It is no
test, for it takes libraries that no developer needs; `--quick` makes it one of its own, against the table that is committed.
"""

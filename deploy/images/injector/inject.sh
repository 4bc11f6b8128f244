#!/bin/sh
# The init container: copies the extension into the volume that the session's container mounts at the same path.
# Not `cp -a`: the volume's own folder belongs to root, and its times and owner are not ours to set.
set -eu
target=${1:-/opt/session-migrator}
cp -R --preserve=mode,links /inject/* "$target/"

#!/bin/sh
# The init container: copies the extension into the volume that the session's container mounts at the same path.
set -eu
target=${1:-/opt/session-migrator}
cp -a /inject/. "$target/"

#!/bin/sh
# Fills the control plane's image: gateway, controller, redirector and the metadata watcher are one program.
# Step "dependencies" changes rarely, step "code" with every build. /build holds the project's wheel.
set -eu
case "$1" in
  dependencies)
    python3 -m venv /opt/migrator
    wheel=$(echo /build/session_migrator-*.whl)
    /opt/migrator/bin/pip install --no-cache-dir --quiet "$wheel[control]"
    /opt/migrator/bin/pip uninstall --quiet --yes session-migrator
    ;;
  code)
    /opt/migrator/bin/pip install --no-cache-dir --quiet --no-deps /build/session_migrator-*.whl
    ;;
esac

#!/bin/sh
# Fills the injector's image: what an init container copies into a pod, so that a Jupyter server that knows nothing of the
# migrator loads its extension. One folder of compiled dependencies for each Python that the server may have; what the
# image has itself (jupyter_server, tornado, ...) is never brought along. /build holds the wheel, /recipe these files.
set -eu
out=/inject
case "$1" in
  dependencies)
    mkdir -p "$out/site"
    python3 -m venv /tmp/pip
    for minor in 8 9 10 11 12 13 14; do
      if ! /tmp/pip/bin/pip install --no-cache-dir --quiet --only-binary=:all: --python-version "3.$minor" \
        --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 --implementation cp \
        --target "$out/site/cp3$minor" blake3 xxhash cryptography; then
        echo "no dependencies to be had for Python 3.$minor: sessions of such images are not kept" >&2
        rm -rf "$out/site/cp3$minor"
      fi
    done
    find "$out" -name tests -prune -exec rm -rf {} +
    python3 /recipe/share_files.py "$out/site"
    rm -rf /tmp/pip
    ;;
  code)
    python3 -m venv /tmp/pip
    /tmp/pip/bin/pip install --no-cache-dir --quiet --no-deps --no-compile --target "$out/site/common" /build/session_migrator-*.whl
    rm -rf "$out/site/common/bin" /tmp/pip
    mkdir -p "$out/jupyter" "$out/share/jupyter/labextensions"
    cp -r /recipe/jupyter/. "$out/jupyter/"
    python3 /recipe/labextension.py "$out/site/common" "$out/share/jupyter/labextensions"
    cp /recipe/inject.sh /inject.sh
    ;;
esac

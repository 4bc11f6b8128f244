"""Read by the Jupyter server through JUPYTER_CONFIG_PATH: makes the extension importable, whatever Python the server has.

Not PYTHONPATH: kernels inherit that, and a kernel may be another Python, for which these modules are wrong. Appended, not put
first: what the image has itself always wins.
"""

import sys
from pathlib import Path

_site = Path(__file__).resolve().parent.parent / "site"
_python = f"{sys.version_info[0]}.{sys.version_info[1]}"
_own = _site / f"cp{_python.replace('.', '')}"
if _own.is_dir():
    sys.path += [str(_site / "common"), str(_own)]
else:
    sys.stderr.write(f"session-migrator: nothing for Python {_python} in {_site}; this session cannot move\n")

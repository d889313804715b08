"""Measures what the package costs, beside its peers: `python -m bench`."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# what is measured is built by the tools
sys.path.append(str(HERE.parent / "tools"))

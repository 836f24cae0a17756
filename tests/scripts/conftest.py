"""The admin scripts import each other by name, as they do when run."""

import sys
from pathlib import Path

FOLDER = str(Path(__file__).resolve().parents[2] / "scripts" / "admin")
if FOLDER not in sys.path:
    sys.path.append(FOLDER)

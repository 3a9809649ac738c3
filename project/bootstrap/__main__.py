"""`python3 project/bootstrap run|test|check|bench|chaos`.

Started as a folder, and with an empty `project` package in its place: the real one imports Celery, which is not installed
before this has run.
"""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path

empty = types.ModuleType("project")
empty.__path__ = [str(Path(__file__).resolve().parents[1])]
sys.modules["project"] = empty
sys.exit(importlib.import_module("project.bootstrap.commands").main())

"""What runs inside Rasa's own process (Python 3.10): understanding, wording and the one door to it.

Nothing outside this package imports rasa. Importing the package fixes the two switches that only work before anything
else is loaded: no telemetry, and one OpenMP thread for the embedding engine (a server with workers would thrash).
"""

from __future__ import annotations

import os

os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")

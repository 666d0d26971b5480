"""The demo with a stand-in for Rasa and the action server; everything else is as in `hearth demo`.

    HEARTH_DEMO_PORTS=... HEARTH_DEMO_DIR=... python -m tests.browser.demo_without_rasa
"""

from __future__ import annotations

import asyncio
import os
import sys

from bot.demo.children import Program
from bot.demo.environment import HOST, Ports, prepare
from bot.demo.run import Demo
from bot.settings import ROOT


def main() -> int:
    """Until it is asked to stop; the exit code."""
    ours = prepare(os.environ, Ports.page)
    ready = f"http://{HOST}:{ours.ports.rasa}/webhooks/hearth/ready"
    command = (sys.executable, "-m", "tests.browser.rasa_stand_in", str(ours.ports.rasa))
    brain = Program("the stand-in for Rasa", command, ours.of_children(), ROOT, ready, ours.folder / "rasa.log")
    return asyncio.run(Demo(ours, [brain]).run())


if __name__ == "__main__":
    sys.exit(main())

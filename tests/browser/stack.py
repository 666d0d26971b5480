"""The demo as `hearth demo` runs it, for the browser tests; it never trains.

    HEARTH_DEMO_PORTS=... HEARTH_DEMO_DIR=... python -m tests.browser.stack [--rasa]

Without --rasa a stand-in answers in place of Rasa and the action server; everything else is the same.
"""

from __future__ import annotations

import asyncio
import os
import sys

from bot.demo.children import Program
from bot.demo.environment import HOST, Environment, Ports, prepare
from bot.demo.run import Demo, programs
from bot.settings import ROOT


def stand_in(ours: Environment) -> Program:
    """What answers in place of Rasa."""
    command = (sys.executable, "-m", "tests.browser.rasa_stand_in", str(ours.ports.rasa))
    ready = f"http://{HOST}:{ours.ports.rasa}/webhooks/hearth/ready"
    return Program("the stand-in for Rasa", command, ours.of_children(), ROOT, ready, ours.folder / "rasa.log")


def main() -> int:
    """Until it is asked to stop; the exit code."""
    ours = prepare(os.environ, Ports.page)
    return asyncio.run(Demo(ours, programs(ours) if "--rasa" in sys.argv else [stand_in(ours)]).run())


if __name__ == "__main__":
    sys.exit(main())

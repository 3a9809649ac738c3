"""`python -m tests.bench`: the figures."""

import sys

from tests.bench import catch_up, fan_out, hung, latency, million, send, sockets
from tests.bench.programme import main

CHECKS = {
    "latency": latency.run,
    "fan_out": fan_out.run,
    "sockets": sockets.run,
    "catch_up": catch_up.run,
    "million": million.run,
    "send": send.run,
    "hung": hung.run,
}

if __name__ == "__main__":
    sys.exit(main("tests.bench", CHECKS))

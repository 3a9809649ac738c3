"""Every emulator in a process of its own, so that a measurement doesn't share its processor with what it measures.

python -m project.emulators --port 9000 --apns-port 9001 --folder keys --late 0.05

GET /counts/ is how many messages each provider has taken: `{"fcm": 1200, "apns": 800}`.
"""

import argparse
import asyncio
import signal
from collections import Counter
from pathlib import Path

from project.emulators.base import Endpoint, json_reply
from project.emulators.every import every
from project.emulators.recorder import Message, Recorder
from project.emulators.request import Request
from project.emulators.script import Late, Reply
from project.emulators.serving import listening


class Counts(Endpoint):
    """What arrived at the others, in numbers alone."""

    name = "counts"

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self.taken: Counter[str] = Counter()
        recorder.listen(self.count)

    def count(self, message: Message) -> None:
        self.taken[message.provider] += message.taken

    def handle(self, request: Request) -> Reply:
        return json_reply(self.taken)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m project.emulators", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--apns-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the keys are, as accounts.py makes them")
    parser.add_argument("--late", type=float, default=0.0, help="seconds that every answer takes")
    options = parser.parse_args()
    asyncio.run(serve(options))


async def serve(options: argparse.Namespace) -> None:
    """Until SIGTERM or SIGINT."""
    recorder = Recorder(kept=0)
    emulators = every(options.folder, recorder)
    if options.late:
        for emulator in emulators:
            emulator.script.always(Late(options.late))
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    ports = {"port": options.port, "apns_port": options.apns_port}
    async with listening(*emulators, Counts(recorder), **ports, folder=options.folder):
        await over.wait()


if __name__ == "__main__":
    main()

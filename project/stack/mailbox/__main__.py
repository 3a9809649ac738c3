"""One process: an SMTP server, the providers' emulators and the outbox page, all on loopback.

python -m project.stack.mailbox --smtp-port 8026 --http-port 8025 --folder .hub/mail [--providers-port 8027 --apns-port 8028
    --keys .hub/emulators --demo .hub/demo.json]
"""

import argparse
import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn

from project.emulators.base import Emulator
from project.emulators.every import every
from project.emulators.recorder import Recorder
from project.emulators.serving import listening
from project.stack.mailbox.outbox import Outbox
from project.stack.mailbox.smtp import listen
from project.stack.mailbox.store import MailStore
from project.stack.mailbox.telling import Telling
from project.stack.mailbox.web import MailboxPage


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m project.stack.mailbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the mails are kept, as .eml files")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--providers-port", type=int, help="where the emulators listen; absent: there are none")
    parser.add_argument("--apns-port", type=int, default=0)
    parser.add_argument("--keys", type=Path, help="the folder of the emulators' keys")
    parser.add_argument(
        "--demo", type=Path, default=Path(".hub/demo.json"), help="says where the hub is told what became of messages"
    )
    options = parser.parse_args()
    asyncio.run(serve(options))


async def serve(options: argparse.Namespace) -> None:
    outbox = Outbox(MailStore(options.folder))
    keys = options.keys or options.folder
    recorder = Recorder(kept=0)  # the outbox keeps them
    providers = [] if options.providers_port is None else every(keys, recorder)
    telling = Telling(outbox, providers, options.demo)
    recorder.listen(telling.arrived)
    smtp = await listen(outbox.mails, options.host, options.smtp_port)
    settings = uvicorn.Config(
        MailboxPage(outbox, telling=telling, any_host=options.host != "127.0.0.1"),
        host=options.host,
        port=options.http_port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    try:
        async with listening_to(providers, options, keys):
            await uvicorn.Server(settings).serve()
    finally:
        smtp.close()


@asynccontextmanager
async def listening_to(providers: list[Emulator], options: argparse.Namespace, keys: Path) -> AsyncIterator[None]:
    if not providers:
        yield
        return
    ports = {"port": options.providers_port, "apns_port": options.apns_port}
    async with listening(*providers, host=options.host, **ports, folder=keys):
        yield


if __name__ == "__main__":
    main()

"""One process: an SMTP server and the mailbox page, both on loopback.

python -m project.stack.mailbox --smtp-port 8026 --http-port 8025 --folder .hub/mail
"""

import argparse
import asyncio
from pathlib import Path

import uvicorn

from project.stack.mailbox.smtp import listen
from project.stack.mailbox.store import MailStore
from project.stack.mailbox.web import MailboxPage


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m project.stack.mailbox", description=__doc__)
    parser.add_argument("--smtp-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the mails are kept, as .eml files")
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    asyncio.run(serve(options))


async def serve(options: argparse.Namespace) -> None:
    store = MailStore(options.folder)
    smtp = await listen(store, options.host, options.smtp_port)
    settings = uvicorn.Config(
        MailboxPage(store, any_host=options.host != "127.0.0.1"),
        host=options.host,
        port=options.http_port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    try:
        await uvicorn.Server(settings).serve()
    finally:
        smtp.close()


if __name__ == "__main__":
    main()

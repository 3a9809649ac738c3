"""What careless senders meet at Apple: thousands of refusals down one connection; provider tokens that are too old, or renewed
too often."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.report import Options, Report
from tests.chaos.changed import settings

# seconds; far more than any answer takes, far less than a stall that is waited out
TIMEOUT = 10
LONGEST = 900.0
EXPIRED, TOO_MANY = "transient ExpiredProviderToken", "throttled TooManyProviderTokenUpdates"


def errors(options: Options) -> Report:
    """Each refusal has a body, and the bodies together are many times what a connection has room for."""
    report = Report("apns_errors")
    count = 2_500 if options.short else 10_000
    report.progress(f"{count:,} pushes to devices that are gone")
    seen = _measured("errors", count)
    refused = seen["outcomes"].pop("address_dead Unregistered", 0)
    seen["outcomes"].pop("sent 200", None)
    report.figure(
        f"{refused:,} refusals down {seen['connections']} connection in {seen['seconds']:.1f} s, "
        f"the slowest after {seen['slowest']:.2f} s"
    )
    report.check(refused == count, f"{count - refused:,} pushes got no answer: {seen['outcomes']}")
    report.check(seen["connections"] == 1, f"it took {seen['connections']} connections")
    return report


def tokens(options: Options) -> Report:
    """Both connections are lost every minute; Apple takes a new token every 20 minutes, and none older than an hour."""
    report = Report("apns_tokens")
    minutes = 75 if options.short else 24 * 60
    report.progress(f"{minutes} minutes of Apple's clock, four pushes and four connections in each")
    seen = _measured("tokens", minutes)
    report.figure(f"{minutes} minutes, {seen['connections']} connections, {seen['tokens']} tokens: {seen['outcomes']}")
    report.check(TOO_MANY not in seen["outcomes"], f"{TOO_MANY}: {seen['outcomes'].get(TOO_MANY)} times")
    report.check(EXPIRED not in seen["outcomes"], f"{EXPIRED}: {seen['outcomes'].get(EXPIRED)} times")
    report.check(seen["outcomes"].get("sent 200") == 2 * minutes, f"not all were sent: {seen['outcomes']}")
    return report


def _measured(what: str, count: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "seen.json"
        command = ["-m", "tests.chaos.apns_process", what, "--count", str(count), "--output", str(output)]
        nothing = {
            "HUB_SECRET_KEY": "of-no-use",
            "DATABASE_URL": "postgres://nobody@127.0.0.1/x",
            "REDIS_URL": "redis://127.0.0.1",
        }
        environment = os.environ | nothing | settings(provider_timeout=TIMEOUT)
        subprocess.run([sys.executable, *command], env=environment, timeout=LONGEST, check=True)
        seen: dict[str, Any] = json.loads(output.read_text())
        return seen

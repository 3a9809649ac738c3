"""Messages a second of one worker process, database work included, beside a bare sender with the same client."""

import json

from tests.bench.report import Options, Report, percentile
from tests.bench.world import world

# of the rate of the bare sender
LEAST = 0.5
# what others say of a worker, a minute
OTHERS = 5_000


def run(options: Options) -> Report:
    report = Report("send")
    count, rounds = (1_000, 2) if options.short else (4_000, 5)
    with world(report, options, users=0, run=()) as its:
        output = its.folder / "send.json"
        report.progress(
            f"{rounds} times {count} text messages to a sink of 50 ms, 200 in flight; the same without a hub"
        )
        words = ("--mode", "send", "--count", str(count), "--rounds", str(rounds), "--output", str(output))
        its.hub.run("-m", "tests.bench.send_process", *words)
        measured = json.loads(output.read_text())
    ours, bare = (count / percentile(measured[key], 0.5) for key in ("ours", "bare"))
    busy = sum(measured["cpu"]) / sum(measured["ours"])
    report.figure(
        f"sms: {ours:,.0f} a second ({60 * ours:,.0f} a minute; others claim {OTHERS:,}), bare {bare:,.0f}: "
        f"ratio {ours / bare:.2f} (≥ {LEAST}); the worker's processor was busy for {busy:.0%} of the time"
    )
    report.check(ours / bare >= LEAST, f"the ratio is {ours / bare:.2f}")
    return report

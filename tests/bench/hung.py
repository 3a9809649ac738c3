"""What a provider that hangs on one channel costs another channel of the same worker."""

import json

from tests.bench.report import Options, Report, percentile
from tests.bench.world import world

# of the other channel's p99
MOST = 1.1


def run(options: Options) -> Report:
    report = Report("hung")
    count, rounds = (100, 2) if options.short else (200, 5)
    with world(report, options, users=0, run=()) as its:
        output = its.folder / "hung.json"
        report.progress(f"{rounds} times {count} text messages while chat is quiet, then while 200 calls of it hang")
        words = ("--mode", "hung", "--count", str(count), "--rounds", str(rounds), "--output", str(output))
        its.hub.run("-m", "tests.bench.send_process", *words)
        measured = json.loads(output.read_text())
    quiet, hung = (percentile(measured[key], 0.99) for key in ("quiet", "hung"))
    report.figure(
        f"p99 from owed to sent: {quiet * 1000:.0f} ms while the other channel is quiet, {hung * 1000:.0f} ms while it "
        f"hangs: {hung / quiet:.2f} times (≤ {MOST})"
    )
    report.check(hung / quiet <= MOST, f"the p99 is {hung / quiet:.2f} times as long")
    return report

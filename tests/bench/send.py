"""Messages a second of one worker process, database work included, beside a bare sender with the same client."""

import json

from tests.bench.report import Options, Report, percentile
from tests.bench.world import world

# of the rate of the bare sender
LEAST = 0.5
# what others say of a worker, a minute; the aim is five times as many
OTHERS = {"sms": 5_000, "push": 50_000, "email": 10_000}
# how much faster messages with the same words are where the service takes them in batches
GAIN = {"email": 2}


def run(options: Options) -> Report:
    report = Report("send")
    count, rounds = (500, 2) if options.short else (4_000, 5)
    with world(report, options, users=0, run=()) as its:
        output = its.folder / "send.json"
        report.progress(
            f"{rounds} times {count} texts, pushes and mails to a sink of 50 ms, 200 in flight; the same without a hub"
        )
        words = ("--mode", "send", "--count", str(count), "--rounds", str(rounds), "--output", str(output))
        its.hub.run("-m", "tests.bench.send_process", *words)
        measured = json.loads(output.read_text())
    for channel, seconds in measured.items():
        ours, bare, shared = (count / percentile(seconds[key], 0.5) for key in ("ours", "bare", "shared"))
        # of a round, whose halves had the same minute of the machine
        ratios = [bare / ours for bare, ours in zip(seconds["bare"], seconds["ours"], strict=True)]
        ratio = percentile(ratios, 0.5)
        busy = sum(seconds["cpu"]) / sum(seconds["ours"])
        report.figure(
            f"{channel}: {ours:,.0f} a second ({60 * ours:,.0f} a minute; others claim {OTHERS[channel]:,}), bare "
            f"{bare:,.0f}: ratio {ratio:.2f} of a round ({min(ratios):.2f} to {max(ratios):.2f}; ≥ {LEAST}); all with the "
            f"same words {shared:,.0f}; the worker's processor was busy for {busy:.0%} of the time"
        )
        report.check(ratio >= LEAST, f"{channel}: the ratio is {ratio:.2f}")
        report.check(shared / ours >= GAIN.get(channel, 0), f"{channel}: batches are {shared / ours:.1f} times as fast")
    return report

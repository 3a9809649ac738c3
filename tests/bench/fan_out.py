"""Recipients a second of a fan-out to a big topic, beside a bare COPY of the same rows on the same database."""

import json

from tests.bench.report import Options, Report, percentile
from tests.bench.world import world

# of the rate of a COPY of the same rows, which keeps no counters, takes no locks and plans nothing
LEAST = 0.3


def run(options: Options) -> Report:
    report = Report("fan_out")
    members, rounds = (4_000, 2) if options.short else (20_000, 5)
    with world(report, options, users=0, run=()) as its:
        output = its.folder / "fan_out.json"
        report.progress(f"{rounds} notifications to a topic of {members}, each followed by a COPY of its rows")
        words = ("--members", str(members), "--rounds", str(rounds), "--output", str(output))
        its.hub.run("-m", "tests.bench.fan_out_process", *words)
        measured = json.loads(output.read_text())
        wrong = its.value("SELECT count(*) FROM hub_stream WHERE last_seq <> %s OR unread <> last_seq", rounds + 1)
    ours, bare = (members / percentile(measured[key], 0.5) for key in ("fan_out", "copy"))
    report.figure(
        f"{ours:,.0f} recipients/s, a bare COPY of the same {measured['rows_each']:g} rows each {bare:,.0f}: "
        f"ratio {ours / bare:.2f} (≥ {LEAST}); medians of {rounds} times {members}"
    )
    report.check(not wrong, f"{wrong} streams are not at {rounds + 1}")
    report.check(ours / bare >= LEAST, f"the ratio is {ours / bare:.2f}")
    return report

"""The strangers' matrix as a fault check: what belongs to somebody else is not there, and nothing is done without the right.

The matrix is tests/*/test_strangers*.py: this runs it on services of its own, and says which operations it failed for. One
that holds is then held by the clock too. In the short form the first row that fails is enough.
"""

from tests.bench.broken import ROOT
from tests.bench.report import Options, Report
from tests.chaos.rows import note_rows
from tests.chaos.strangers_times import compare


def run(options: Options) -> Report:
    report = Report("strangers")
    files = sorted(str(file.relative_to(ROOT)) for file in ROOT.glob("tests/*/test_strangers*.py"))
    if note_rows(report, files, options):
        compare(report, options)
    return report

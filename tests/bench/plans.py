"""What a question costs, from the plans of the statements that the real code sent: EXPLAIN (ANALYZE, BUFFERS)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

BIG = 20_000  # a table of more rows is big: nothing reads all of it

SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan")

Plan = dict[str, Any]


@dataclass(frozen=True)
class Cost:
    """`read`: rows that scans looked at, those thrown away included; `sorted`: the most that one sort took in.
    `scans`: how the hub's tables were read, the same index counted once; `whole`: big ones that were read from end to end."""

    statements: int
    milliseconds: float
    read: int
    sorted: int
    blocks: int
    scans: list[str]
    whole: list[str]


def cost_of(ask: Callable[[], Any]) -> Cost:
    """Ask, then explain every SELECT that was sent meanwhile, with the same arguments."""
    sent: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        sent.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        ask()
    asked = [(sql, params) for sql, params in sent if sql.lstrip().upper().startswith(("SELECT", "WITH"))]
    return judge(len(asked), [_explained(sql, params) for sql, params in asked], _big_tables())


def judge(statements: int, explained: list[Plan], big: set[str]) -> Cost:
    """The cost of several plans together."""
    nodes = [node for plan in explained for node in _nodes(plan["Plan"])]
    scans = [node for node in nodes if "Relation Name" in node]
    return Cost(
        statements=statements,
        milliseconds=sum(plan["Execution Time"] for plan in explained),
        read=sum(_looked_at(node) for node in scans),
        sorted=max([_taken_in(node) for node in nodes if node["Node Type"] == "Sort"], default=0),
        blocks=sum(plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"] for plan in explained),
        scans=_summary([node for node in nodes if node["Node Type"] in SCANS and "hub_" in _what(node)]),
        whole=sorted({n["Relation Name"] for n in scans if n["Node Type"] == "Seq Scan" and n["Relation Name"] in big}),
    )


def _explained(sql: str, params: Any) -> Plan:
    with connection.cursor() as db:
        db.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
        plan: Plan = db.fetchone()[0][0]
    return plan


def _big_tables() -> set[str]:
    with connection.cursor() as db:
        db.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [BIG])
        return {row[0] for row in db.fetchall()}


def _nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _nodes(below)


def _summary(scans: list[Plan]) -> list[str]:
    """`Index Scan using …: rows, buffers, milliseconds` of each way in which a table was read, summed."""
    found: dict[str, list[float]] = {}
    for node in scans:
        blocks = node["Shared Hit Blocks"] + node["Shared Read Blocks"]
        sums = found.setdefault(f"{node['Node Type']} {_what(node)}", [0, 0, 0])
        for place, value in enumerate((_looked_at(node), blocks, node["Actual Total Time"] * node["Actual Loops"])):
            sums[place] += value
    return [
        f"{how}: {rows:,} rows, {blocks:,} buffers, {ms:.2f} ms" for how, (rows, blocks, ms) in found.items() if rows
    ]


def _what(node: Plan) -> str:
    backward = " backward" if node.get("Scan Direction") == "Backward" else ""
    return f"using {node['Index Name']}{backward}" if "Index Name" in node else f"on {node['Relation Name']}"


def _looked_at(node: Plan) -> int:
    thrown_away = sum(value for name, value in node.items() if name.startswith("Rows Removed by"))
    return round((node["Actual Rows"] + thrown_away) * node["Actual Loops"])


def _taken_in(node: Plan) -> int:
    return round(sum(below["Actual Rows"] * below["Actual Loops"] for below in node["Plans"]))

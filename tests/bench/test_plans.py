"""What is read off a plan: rows that scans looked at, sorts, and big tables read from end to end."""

from typing import Any

from tests.bench.plans import judge


def node(kind: str, rows: int, loops: int = 1, **fields: Any) -> dict[str, Any]:
    named = {name.replace("_", " "): value for name, value in fields.items()}
    blocks = {"Shared Hit Blocks": 3, "Shared Read Blocks": 1}
    return {"Node Type": kind, "Actual Rows": rows, "Actual Loops": loops, "Actual Total Time": 0.5, **blocks, **named}


def test_rows_that_were_thrown_away_or_looked_up_again_count() -> None:
    whole = node("Seq Scan", 10, Relation_Name="hub_inboxitem", Rows_Removed_by_Filter=90_000)
    inner = node("Index Scan", 1, loops=10, Relation_Name="hub_tenant", Index_Name="hub_tenant_pkey")
    join = node("Nested Loop", 10, Plans=[whole, inner])
    plan = {"Plan": node("Sort", 10, Plans=[join]), "Execution Time": 1.5}
    cost = judge(3, [plan, plan], {"hub_inboxitem"})
    assert (cost.statements, cost.milliseconds, cost.blocks) == (3, 3.0, 8)
    assert cost.read == 2 * (90_010 + 10)
    assert cost.sorted == 10
    assert cost.scans == [
        "Seq Scan on hub_inboxitem: 180,020 rows, 8 buffers, 1.00 ms",
        "Index Scan using hub_tenant_pkey: 20 rows, 8 buffers, 10.00 ms",
    ]
    assert cost.whole == ["hub_inboxitem"]


def test_a_small_table_may_be_read_whole() -> None:
    plan = {"Plan": node("Seq Scan", 20, Relation_Name="hub_tenant"), "Execution Time": 0.1}
    assert judge(1, [plan], {"hub_inboxitem"}).whole == []

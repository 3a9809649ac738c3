"""Claimed deliveries, locked for a statement that moves them on."""


def held(columns: str) -> str:
    """SQL: the rows of a JSON parameter (`columns`: theirs with their types, `id uuid` and `fence int` among them) whose
    deliveries are still claimed under their fences. They are locked in the order of their ids, as everybody locks them."""
    return f"""
        SELECT s.* FROM json_to_recordset(%s) AS s({columns})
        JOIN hub_delivery d ON d.id = s.id AND d.fence = s.fence AND d.state = 'claimed'
        ORDER BY d.id FOR NO KEY UPDATE OF d"""  # noqa: S608 constants only

"""Promise: a message goes to the first account that may carry it, and what one account may have taken to no other."""

from dataclasses import dataclass

import pytest

from hub.policy.routing import Choice, Tried, choose


@dataclass(frozen=True)
class Account:
    id: str
    kind: str
    label: str


def accounts(*kinds: str) -> list[Account]:
    return [Account(f"id-{n}", kind, f"{kind}:{n}") for n, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "kind", "tried", "closed", "expected"),
    [
        ([], "", [], [], None),
        (["a"], "", [], [], Choice(0, False)),
        (["a", "b"], "", [], [], Choice(0, True)),
        # a device that only one kind can reach
        (["a", "b"], "b", [], [], Choice(1, False)),
        (["a", "a", "b"], "a", [], [], Choice(0, True)),
        (["a"], "c", [], [], None),
        # after a failure the next, and after all of them the first again
        (["a", "b"], "", [("a:0", "transient")], [], Choice(1, False)),
        (["a", "b"], "", [("a:0", "transient"), ("b:1", "throttled")], [], Choice(0, False)),
        (["a", "b", "c"], "", [("a:0", "transient")], [], Choice(1, True)),
        (["a"], "", [("a:0", "transient")], [], Choice(0, False)),
        # at rest: passed over while there is another
        (["a", "b"], "", [], ["id-0"], Choice(1, False)),
        (["a", "b"], "", [], ["id-1"], Choice(0, False)),
        (["a", "b"], "", [("b:1", "transient")], ["id-0"], Choice(1, False)),
        (["a", "b"], "", [], ["id-0", "id-1"], Choice(0, False)),
        # what may be out there is repeated by the same account or, if that is gone, by another
        (["a", "b"], "", [("b:1", "ambiguous")], [], Choice(1, False)),
        (["a", "b"], "", [("b:1", "ambiguous")], ["id-1"], Choice(1, False)),
        (["a", "b"], "", [("z:9", "ambiguous")], [], Choice(0, False)),
        # also when that account has said since that it took nothing of the repeat
        (["a", "b"], "", [("b:1", "ambiguous"), ("b:1", "throttled")], [], Choice(1, False)),
        (
            ["a", "b"],
            "",
            [("a:0", "throttled"), ("b:1", "ambiguous"), ("b:1", "transient")],
            ["id-1"],
            Choice(1, False),
        ),
    ],
)
def test_the_account_is(
    kinds: list[str], kind: str, tried: list[tuple[str, str]], closed: list[str], expected: Choice | None
) -> None:
    got = choose(accounts(*kinds), kind=kind, tried=[Tried(*one) for one in tried], closed=closed)
    assert got == expected

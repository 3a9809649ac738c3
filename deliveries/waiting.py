"""Claimed deliveries that wait for their turn in a drain."""

import time
from collections.abc import Callable, Iterable, Iterator

from hub.fallback.claims import Ready

# with the monotonic second of its claim
Claimed = tuple[float, Ready]


class Waiting:
    """In the order in which they were claimed."""

    def __init__(self) -> None:
        self._all: list[Claimed] = []

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[Ready]:
        return (one for _, one in self._all)

    def add(self, claimed: Iterable[Claimed]) -> None:
        self._all += claimed

    def take(self, may_go: Callable[[Ready], bool]) -> list[Claimed]:
        """Those that may go, asked in order; they wait no longer."""
        return self._parted([may_go(one) for _, one in self._all])

    def take_late(self, seconds: float) -> list[Ready]:
        """Those claimed so long ago; they wait no longer."""
        since = time.monotonic() - seconds
        return [one for _, one in self._parted([at <= since for at, _ in self._all])]

    def _parted(self, gone: list[bool]) -> list[Claimed]:
        went = [claimed for claimed, goes in zip(self._all, gone, strict=True) if goes]
        self._all = [claimed for claimed, goes in zip(self._all, gone, strict=True) if not goes]
        return went

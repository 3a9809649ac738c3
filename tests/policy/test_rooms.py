"""Promise: a claim gives no account more than it has room for, and spreads the others over the time to come."""

from hub.policy.rooms import LONGEST_SPREAD, Room, Rooms, boundless


def test_an_account_is_full_when_its_places_are_taken() -> None:
    rooms = Rooms[str](lambda name: Room(2 if name == "small" else 0))
    assert rooms.is_full("none")
    assert not rooms.is_full("small")
    rooms.take("small")
    assert not rooms.is_full("small")
    rooms.take("small")
    assert rooms.is_full("small")


def test_who_finds_no_room_comes_back_one_after_the_other() -> None:
    rooms = Rooms[str](lambda _: Room(0, wait=10, spacing=0.5))
    assert [rooms.turn("a") for _ in range(3)] == [10, 10.5, 11]
    assert rooms.turn("b") == 10
    for _ in range(1_000):
        last = rooms.turn("a")
    assert last == 10 + LONGEST_SPREAD


def test_the_room_of_an_account_is_asked_for_once() -> None:
    asked = []

    def room_of(name: str) -> Room:
        asked.append(name)
        return Room(1)

    rooms = Rooms[str](room_of)
    rooms.is_full("a")
    rooms.take("a")
    rooms.is_full("a")
    assert asked == ["a"]


def test_there_may_be_no_bounds() -> None:
    rooms = Rooms[str](boundless)
    for _ in range(10_000):
        rooms.take("a")
    assert not rooms.is_full("a")

"""The circuits of all accounts, shared by all processes: a hash in Redis of those that are not in perfect order."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

from redis.commands.core import Script
from redis.exceptions import RedisError

from hub.breaker import redis_breaker
from hub.conf import conf
from hub.policy.circuit import Circuit, Rule, State
from hub.policy.retry import Answer
from hub.presence import redis_client

KEY = "hub:circuits"
# others may be changing the same circuit; whoever has lost so often knows enough
TRIES = 8

Circuits = dict[str, Circuit]

# Compare and set: nothing when it was done, else what is there instead.
_SWAP = """
local held = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if held ~= ARGV[2] then return held end
if ARGV[3] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return false
"""


def rule() -> Rule:
    return Rule(conf.breaker_failures, conf.breaker_rest)


@dataclass(frozen=True, slots=True)
class Shown:
    """As people see it. `until`: when it is tried again, while it is open."""

    state: State
    until: datetime | None = None


def exchange(heard: Mapping[str, Sequence[Answer]]) -> tuple[float, Circuits] | None:
    """Tell what accounts have answered, and learn what all processes know: Redis's time, and the circuits. None: Redis is
    away. One round trip, and one more for each circuit that changes."""
    if redis_breaker.is_open:
        return None
    try:
        now, circuits = _read()
        for name, answers in heard.items():
            circuits[name] = _tell(name, circuits.get(name, Circuit()), answers, now)
    except RedisError as error:
        redis_breaker.failed(error)
        return None
    return now, circuits


def take_probe(name: str, lease: float) -> bool:
    """True for one process alone, until it has an answer or `lease` seconds have gone by; and for all while Redis is away."""
    if redis_breaker.is_open:
        return True
    try:
        now, circuits = _read()
        circuit = circuits.get(name, Circuit())
        if circuit.state(now, rule()) is not State.HALF_OPEN:
            return circuit.state(now, rule()) is State.CLOSED
        return now >= circuit.probe_until and _swap(name, circuit, circuit.probed(now, lease)) is None
    except RedisError as error:
        redis_breaker.failed(error)
        return True


def shown_circuits(names: Collection[str]) -> dict[str, Shown]:
    """How each of these accounts stands; all are closed while Redis is away."""
    now, circuits = exchange({}) or (0.0, {})
    return {name: _shown(circuits.get(name, Circuit()), now) for name in names}


def _shown(circuit: Circuit, now: float) -> Shown:
    state = circuit.state(now, rule())
    until = datetime.fromtimestamp(circuit.rests_until, UTC) if state is State.OPEN else None
    return Shown(state, until)


def _read() -> tuple[float, Circuits]:
    pipe = redis_client().pipeline(transaction=False)
    pipe.time()
    pipe.hgetall(KEY)
    (seconds, micros), held = cast("tuple[tuple[int, int], dict[bytes, bytes]]", tuple(pipe.execute()))
    now = seconds + micros / 1_000_000
    circuits = {name.decode(): Circuit.decoded(text.decode()) for name, text in held.items()}
    forgotten = [name for name, circuit in circuits.items() if circuit.is_forgotten(now)]
    if forgotten:
        redis_client().hdel(KEY, *forgotten)
    return now, {name: circuit for name, circuit in circuits.items() if name not in forgotten}


def _tell(name: str, circuit: Circuit, answers: Sequence[Answer], now: float) -> Circuit:
    for _ in range(TRIES):
        fresh = circuit.after(answers, now, rule())
        held = _swap(name, circuit, fresh) if fresh != circuit else None
        if held is None:
            return fresh
        circuit = held
    return circuit


def _swap(name: str, circuit: Circuit, fresh: Circuit) -> Circuit | None:
    held: Any = _script()(keys=[KEY], args=[name, circuit.encoded(), fresh.encoded()])
    return None if held is None else Circuit.decoded(held.decode())


@lru_cache(maxsize=1)
def _script() -> Script:
    return redis_client().register_script(_SWAP)

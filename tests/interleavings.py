"""Every order in which the steps of some operations can come, over a store in memory.

A step is one call to the store. What follows depends on what the store holds and on where each operation
stands, with its variables: a state that came before is not followed again. Variables named `attempt` do not
count, nor does what an operation holds beside plain values and documents.
"""

from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from pydantic import BaseModel

from local.database import QUERIES
from shared.cosmos import Found, Store
from shared.domain.model import Document
from shared.errors import AlreadyStored, Conflict, NotStored

D = TypeVar("D", bound=Document)
Operation = Coroutine[Any, Any, Any]


@dataclass(frozen=True)
class _Turn:
    """A call to the store that waits for its turn."""

    reads: bool
    container: str
    id: str | None = None
    """None where it is about all the documents there are."""

    def meets(self, other: "_Turn") -> bool:
        """Whether it matters which of the two comes first."""
        apart = self.container != other.container or (self.id and other.id and self.id != other.id)
        return not apart and not (self.reads and other.reads)

    def __await__(self) -> Generator["_Turn", None, None]:
        yield self


class MemoryStore(Store):
    """Documents in memory, queried as the Cosmos stand-in is. An etag stands for what a
    document holds: who replaces a version that came again writes what it would write having read it again."""

    def __init__(self) -> None:
        self.documents: dict[tuple[str, str], Found[Any]] = {}
        self.calls: list[str] = []

    async def create(self, document: Document) -> str:
        stored = await self._found("create", type(document), document.id)
        if stored is not None:
            raise AlreadyStored("a document of that id is there")
        return self._put(document)

    async def read(self, kind: type[D], id_: str, partition: str | None = None) -> Found[D] | None:
        return await self._found("read", kind, id_)

    async def replace(self, document: Document, etag: str) -> str:
        stored = await self._found("replace", type(document), document.id)
        if stored is None:
            raise NotStored("no such document")
        if stored.etag != etag:
            raise Conflict("the document changed since it was read")
        return self._put(document)

    async def upsert(self, document: Document) -> None:
        await self._found("upsert", type(document), document.id)
        self._put(document)

    async def ids(self, container: str, sql: str, **parameters: object) -> AsyncIterator[str]:
        await _Turn(reads=True, container=container)
        query, named = QUERIES[sql], {f"@{name}": value for name, value in parameters.items()}
        found = [
            id_
            for (where, id_), each in sorted(self.documents.items())
            if where == container and query.where(each.document.model_dump(mode="json"), named)
        ]
        self.calls.append(f"query {container}")
        for id_ in found:
            yield id_

    async def _found(self, call: str, kind: type[Document], id_: str) -> Found[Any] | None:
        await _Turn(reads=call == "read", container=kind.container, id=id_)
        stored = self.documents.get((kind.container, id_))
        self.calls.append(f"{call} {kind.__name__}")
        return stored

    def _put(self, document: Document) -> str:
        key = document.container, document.id
        etag = _digest(document)
        self.documents[key] = Found(document, etag)
        return etag


class _Running:
    """An operation on its way, at a call to the store that waits for its turn."""

    def __init__(self, work: Operation) -> None:
        self._work = work
        self.waits: _Turn | None = None
        self.over = False
        self.outcome: object = None
        """What it returned or raised; None where it was stopped."""
        self.go_on()

    def go_on(self) -> None:
        try:
            self.waits = self._work.send(None)
        except StopIteration as end:
            self.over, self.outcome = True, end.value
        except Exception as error:  # noqa: BLE001 - an outcome like any other
            self.over, self.outcome = True, error

    def stop(self) -> None:
        self._work.close()
        self.over = True

    def state(self) -> object:
        """Where it stands, with its variables; its outcome once it is over."""
        if self.over:
            return repr(self.outcome)
        places: list[object] = []
        awaited: Any = self._work
        while awaited is not None:
            frame = getattr(awaited, "cr_frame", None) or getattr(awaited, "ag_frame", None)
            if frame is not None:
                held = {name: _plain(value) for name, value in frame.f_locals.items() if name != "attempt"}
                places.append((frame.f_code.co_qualname, frame.f_lasti, repr(held)))
            awaited = getattr(awaited, "cr_await", None) or getattr(awaited, "ag_await", None)
        return tuple(places)


_DIGESTS: dict[int, tuple[BaseModel, str]] = {}


def _digest(model: BaseModel) -> str:
    """Of what a model holds; worked out once for each, as they do not change."""
    known = _DIGESTS.get(id(model))
    if known is None:
        if len(_DIGESTS) > 10_000:
            _DIGESTS.clear()
        known = _DIGESTS[id(model)] = (model, str(hash(model.model_dump_json())))
    return known[1]


def _plain(value: object) -> object:
    if isinstance(value, Found):
        return _plain(value.document)
    if isinstance(value, BaseModel):
        return _digest(value)
    return value if isinstance(value, str | int | None) else type(value).__name__


@dataclass(frozen=True)
class Ended:
    """One way the operations came to an end."""

    store: MemoryStore
    outcomes: tuple[object, ...]
    """What each returned or raised; None where it was stopped."""
    steps: tuple[int, ...]
    """Whose turn it was; ~n where operation n was stopped for good, as by a crash."""


def interleavings(
    store: MemoryStore, operations: Sequence[Callable[[MemoryStore], Operation]], *, crashes: int = 0
) -> Iterator[Ended]:
    """Every end that `operations`, begun together over what `store` holds, can come to.

    Of two steps that do not meet, only one order is followed (sleep sets: P. Godefroid,
    "Partial-Order Methods for the Verification of Concurrent Systems", 1996).
    """
    left_out: dict[object, frozenset[int]] = {}
    waiting: list[tuple[tuple[int, ...], frozenset[int]]] = [((), frozenset())]
    while waiting:
        begun, asleep = waiting.pop()
        steps, run = list(begun), _Run(store, operations)
        for step in steps:
            run.take(step)
        while True:
            key = run.key(steps)
            choices = run.choices(crashes - sum(step < 0 for step in steps))
            before = left_out.get(key)
            if before is None and not choices:
                yield Ended(run.store, tuple(each.outcome for each in run.running), tuple(steps))
            todo = [each for each in choices if each not in asleep and (before is None or each in before)]
            left_out[key] = asleep if before is None else before & asleep
            if not todo:
                break
            nexts = [
                (step, frozenset(each for each in asleep.union(todo[:place]) if not run.meet(each, step)))
                for place, step in enumerate(todo)
            ]
            waiting.extend(((*steps, step), sleeping) for step, sleeping in nexts[1:])
            first, asleep = nexts[0]
            run.take(first)
            steps.append(first)


def walk(
    store: MemoryStore,
    operations: Sequence[Callable[[MemoryStore], Operation]],
    choose: Random,
    *,
    crashes: int = 0,
) -> Ended:
    """One end, by turns that `choose` draws: for more operations than all orders can be followed of."""
    run, steps = _Run(store, operations), list[int]()
    while choices := run.choices(crashes - sum(step < 0 for step in steps)):
        live = [step for step in choices if step >= 0]
        stops = len(live) < len(choices) and choose.random() < 0.05
        steps.append(~choose.choice(live) if stops else choose.choice(live))
        run.take(steps[-1])
    return Ended(run.store, tuple(each.outcome for each in run.running), tuple(steps))


class _Run:
    def __init__(self, store: MemoryStore, operations: Sequence[Callable[[MemoryStore], Operation]]) -> None:
        self.store = MemoryStore()
        self.store.documents.update(store.documents)
        self.running = [_Running(operation(self.store)) for operation in operations]

    def take(self, step: int) -> None:
        if step < 0:
            self.running[~step].stop()
        else:
            self.running[step].go_on()

    def choices(self, crashes: int) -> list[int]:
        live = [place for place, each in enumerate(self.running) if not each.over]
        return [*live, *(~place for place in live if crashes)]

    def meet(self, one: int, other: int) -> bool:
        """Whether it matters which of two steps comes first."""
        if one < 0 or other < 0:
            return (one < 0 and other < 0) or max(one, ~one) == max(other, ~other)
        return one == other or _of(self.running[one]).meets(_of(self.running[other]))

    def key(self, steps: Sequence[int]) -> object:
        held = tuple(sorted((key, found.etag) for key, found in self.store.documents.items()))
        return hash((held, tuple(each.state() for each in self.running), sum(step < 0 for step in steps)))


def _of(running: _Running) -> _Turn:
    assert running.waits is not None
    return running.waits


def alone(operation: Operation) -> Any:
    """What an operation comes to with nobody else at it."""
    try:
        while True:
            operation.send(None)
    except StopIteration as end:
        return end.value

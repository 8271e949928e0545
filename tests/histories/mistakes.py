"""Mistakes put into the app on purpose, one at a time: histories that find none of them prove nothing.

    python -m tests.histories.mistakes [SECONDS [NAME]]

For each it prints after how many histories, and how many seconds, it was found; ends with 1 where one was
not. NAME is a part of a mistake's name.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from evaluate_risk import decide, enforce, evaluation, linking, slots
from shared.cosmos import Found
from shared.domain.app_sync import exceeds
from shared.domain.model import Agent, Device, Slot
from shared.services import Services
from sync_inventory import tags
from sync_inventory.apps import collecting
from tests.histories.history import History
from tests.histories.operations.machine import Document, Feed
from tests.histories.workers import played


async def _cursor_first(self: Feed, history: History, services: Services) -> object:
    """The feed's cursor is written before its batch is through."""
    page = await history.store.changes(Document, "reports", size=self.size, token=history.cursor)
    history.cursor = page.token
    if page.rows:
        await evaluation.evaluate(services, [row.model_dump(mode="json") for row in page.rows])
    return len(page.rows)


def _any_revision(device: Device, slot: Slot) -> Device:
    """A slot is written whatever revision stands there."""
    return device.model_copy(update={"slots": {**device.slots, slot.agent: slot}})


def _frozen(device: Device, policy: Any, now: Any) -> Device:
    """A device that some agent left is never decided again."""
    if device.decision is not None and any(each.moved for each in device.slots.values()):
        return device
    return _SETTLE(device, policy, now)


_SETTLE = decide.settle


async def _guard_after(services: Services, founds: Sequence[Found[Device]]) -> list[Device]:
    """New blocks are entered in the guard after they were written to Entra."""
    waiting = [found for found in founds if enforce._waits(found.document, services.now())]
    tags = dict(
        zip([f.document.id for f in waiting], await enforce._attempted(services, waiting), strict=True)
    )
    await enforce._held(services, [found.document for found in waiting])
    after = {found.document.id: found.document for found in founds}
    for found in waiting:
        id_ = found.document.id
        after[id_] = await enforce._record(services, found, tags[id_], raced=True)
    return list(after.values())


async def _purge_later(self: Any, exports: Any) -> None:
    """What an admin opted out of is noted, and left to the next run."""
    if exceeds(exports.state.held, self._allowed):
        await exports.opt_out(self._allowed)


def _withdraws_all(device: Device, agent: Agent) -> Device:
    """An undone link is withdrawn over whatever slot stands there."""
    tombstone = slots._tombstone(agent, agent.level_revision)
    return device.model_copy(update={"slots": {**device.slots, agent.id: tombstone}})


@contextmanager
def _all(*patches: Any) -> Iterator[None]:
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


MISTAKES: dict[str, Callable[[], Any]] = {
    "the cursor is written before its work": lambda: patch.object(Feed, "run", _cursor_first),
    "the slot is written without its revision": lambda: _all(
        patch.object(linking, "with_slot", _any_revision),
        patch.object(evaluation, "with_slot", _any_revision),
    ),
    "a device is frozen": lambda: patch.object(decide, "settle", _frozen),
    "the guard is entered after the PATCH": lambda: _all(
        patch.object(enforce, "enforce_all", _guard_after), patch.object(tags, "enforce_all", _guard_after)
    ),
    "the purge is left to the next run": lambda: patch.object(collecting._Collecting, "purge", _purge_later),
    "an undone link is withdrawn over a live slot": lambda: patch.object(
        linking, "withdrawn", _withdraws_all
    ),
    "somebody else's value is overwritten": lambda: patch.object(
        enforce, "_is_foreign", lambda _value: False
    ),
}


def found(seconds: float) -> str:
    """How soon a history failed, and its words; empty where none did in that time."""
    started, histories = time.monotonic(), 0
    for each in played(1, started + seconds, shrinks=False):
        histories += each.histories
        if each.wrong:
            return f"after {histories} histories, {time.monotonic() - started:.0f} s: {each.wrong}"
    return ""


def main(arguments: Sequence[str]) -> int:
    """Put each mistake in and look for it."""
    missed = 0
    for name, mistake in MISTAKES.items():
        if len(arguments) > 1 and arguments[1] not in name:
            continue
        with mistake():
            words = found(float(arguments[0]) if arguments else 60.0)
        missed += not words
        sys.stdout.write(f"{name}: {words or 'NOT FOUND'}\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

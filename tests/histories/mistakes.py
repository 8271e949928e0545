"""Mistakes put into the app on purpose, one at a time: histories that find none of them prove nothing.

    python -m tests.histories.mistakes [SECONDS [NAME]]

For each it prints after how many histories, and how many seconds, it was found; ends with 1 where one was
not. NAME is a part of a mistake's name.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from pydantic import BaseModel

from evaluate_risk import counting, decide, enforce, evaluation, follow_up, linking, slots, wanted_tag
from evaluate_risk.counting import Counted
from evaluate_risk.release import Released
from serve_console import dead_letters
from serve_console.dead_letters import Redriven
from shared.cosmos import DEVICE_TAGS, Found
from shared.domain import app_sync
from shared.domain.app_sync import OptIn, exceeds
from shared.domain.follow_up import FollowUp
from shared.domain.heartbeats import Heartbeats
from shared.domain.mode import Mode
from shared.domain.model import Agent, DeadLetter, Device, Slot, Tag, TagState
from shared.domain.on_silence import OnSilence
from shared.domain.record import Platform
from shared.domain.runs import Run, Runs
from shared.domain.switches import Switches
from shared.domain.tag import is_block
from shared.services import Services
from sync_inventory import run, tags
from sync_inventory.apps import collecting
from sync_inventory.lease import Acquired, acquire_lease
from sync_inventory.run import sync
from tests.histories.history import History
from tests.histories.operations import admins, machine
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


async def _purge_later(self: Any, exports: Any, *_: object) -> None:
    """What an admin opted out of is noted, and left to the next run."""
    if exceeds(exports.state.held, self._allowed):
        await exports.opt_out(self._allowed, once_more=False)


def _withdraws_all(device: Device, agent: Agent) -> Device:
    """An undone link is withdrawn over whatever slot stands there."""
    tombstone = slots._tombstone(agent, agent.level_revision)
    return device.model_copy(update={"slots": {**device.slots, agent.id: tombstone}})


_COUNTED = counting.counted


def _silence_ignored(device: Device, on: Any, heartbeats: Heartbeats, *rest: Any) -> Counted:
    """Who is silent does not count any more."""
    return _COUNTED(device, on, replace(heartbeats, on_silence=OnSilence.IGNORE), *rest)


def _covers_all(slot: Slot, _override: object) -> Slot:
    """An override covers whatever is reported while it runs."""
    return slot.model_copy(update={"findings": (), "levels": {}, "own": None, "own_levels": {}})


_LEAVES = slots.without_agent


def _leaves_nothing(device: Device, agent: Agent) -> Device:
    """An agent that leaves a device takes with it what it had found there."""
    left = _LEAVES(device, agent)
    slot = _covers_all(left.slots[agent.id], None)
    return left.model_copy(update={"slots": {**left.slots, agent.id: slot}}) if slot.moved else left


async def _does_nothing(*_: object) -> None:
    """It is answered, and nothing was done."""


async def _let_go(*_: object) -> Released:
    """It is answered that every block was taken back."""
    return Released(released=1)


def _revoked_at_any(_device: Device, wanted: str | None, _policy: object) -> FollowUp | None:
    """Sessions are revoked at every block."""
    return FollowUp.REVOKE_SESSIONS if is_block(wanted) else None


async def _letter_lost(services: Services, found: Found[DeadLetter], _reason: str) -> Redriven:
    """A letter that cannot be read this time either is removed."""
    letter = found.document
    await services.store.delete(DeadLetter, letter.id, letter.partition, etag=found.etag)
    return Redriven(
        id=letter.id, partner=letter.partner, kind=letter.kind, outcome=dead_letters.RedriveOutcome.KEPT
    )


_ENFORCES = enforce.enforce_all


async def _in_any_mode(services: Services, founds: Sequence[Found[Device]]) -> list[Device]:
    """What is wanted is written whatever the mode."""
    settings = services.settings.model_copy(update={"mode": Mode.ENFORCE})
    return await _ENFORCES(replace(services, settings=settings), founds)


_STATE = wanted_tag._state


def _always_enforced(device: Device, wanted: str | None, *, changed: bool, enforced: bool) -> TagState:
    """A tag waits to be written in any mode."""
    return _STATE(device, wanted, changed=changed, enforced=True)


_SYNC = sync


async def _writes_again(services: Services) -> Run | None:
    """Every sync writes every tag once more."""
    done = await _SYNC(services)
    async for row in services.store.rows(_Tagged, Device.container, DEVICE_TAGS):
        if row.tag.applied:
            await services.graph.write_tags({row.id: row.tag.applied})
    return done


class _Tagged(BaseModel):
    id: str
    tag: Tag


async def _no_lease(services: Services) -> Acquired:
    """Whoever wants the lease has it."""
    return await _ACQUIRED(services) or Acquired("nobody's", Runs(), asyncio.get_running_loop().time())


_ACQUIRED = acquire_lease


def _whoever_is_named(self: Switches, platform: Platform) -> tuple[str, ...]:
    """A partner that is switched off in Intune counts all the same."""
    return self.enabled.get(platform, ())


def _any_app(opt_in: OptIn, *_: object) -> bool:
    """Somebody's own phone is treated as the company's."""
    return opt_in.app_sync


def _wherever(function: Callable[..., object], other: object) -> Any:
    """`other` in its place, under whatever module's name it goes."""
    rooms = [module for name, module in sys.modules.items() if name.partition(".")[0] in _ROOMS]
    name = function.__name__
    return _all(*(patch.object(m, name, other) for m in rooms if getattr(m, name, None) is function))


_ROOMS = {"evaluate_risk", "serve_console", "shared", "sync_inventory"}


@contextmanager
def _all(*patches: Any) -> Iterator[None]:
    with ExitStack() as entered:
        for each in patches:
            entered.enter_context(each)
        yield


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
    "an agent takes with it what it had found": lambda: _wherever(slots.without_agent, _leaves_nothing),
    "who is silent does not count": lambda: _wherever(counting.counted, _silence_ignored),
    "an override covers what is reported later": lambda: patch.object(counting, "_without", _covers_all),
    "an override does nothing": lambda: patch.object(admins, "override", _does_nothing),
    "a link does nothing": lambda: patch.object(admins, "link", _does_nothing),
    "an undone link stays": lambda: patch.object(admins, "unlink", _does_nothing),
    "a release does nothing": lambda: patch.object(admins, "release_tags", _let_go),
    "sessions are never revoked": lambda: patch.object(follow_up, "_done", _does_nothing),
    "sessions are revoked at every block": lambda: patch.object(wanted_tag, "_follow_up", _revoked_at_any),
    "a letter is lost": lambda: patch.object(dead_letters, "_leave", _letter_lost),
    "Entra is written in any mode": lambda: _all(
        _wherever(enforce.enforce_all, _in_any_mode), patch.object(wanted_tag, "_state", _always_enforced)
    ),
    "every sync writes every tag": lambda: patch.object(machine, "sync", _writes_again),
    "two syncs run at once": lambda: patch.object(run, "acquire_lease", _no_lease),
    "a partner that is switched off counts": lambda: patch.object(Switches, "counting", _whoever_is_named),
    "somebody's own phone is taken for the company's": lambda: _wherever(app_sync.may_collect, _any_app),
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

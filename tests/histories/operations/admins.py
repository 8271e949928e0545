"""What admins ask for in the console."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from evaluate_risk.guard import GUARD_ID, Guard
from serve_console.approvals import ApprovalRequest, approve_stop
from serve_console.dead_letters import redrive
from serve_console.linking import LinkRequest, UnlinkRequest, link, unlink
from serve_console.overrides import EndRequest, OverrideRequest, end_override, override
from serve_console.release import ReleaseRequest, release_tags
from shared.cosmos import DEAD_LETTERS
from shared.domain.mode import Mode
from shared.domain.model import Device
from shared.domain.tag import is_block
from shared.errors import MtdError
from shared.services import Services
from tests.histories.history import History
from tests.histories.operation import OTHER_PLACES, PLACES, Operation, Subject
from tests.histories.tenant import PARTNER, STRAY
from tests.histories.words import OverrideWord, said
from tests.serve_console.hands import ADA, BOB

PARTNERS = st.sampled_from([*["own"] * 7, STRAY])


@dataclass(frozen=True)
class Admin(Operation):
    """What an admin asks for; where it is refused, it is said why."""

    may_raise = (MtdError,)


@dataclass(frozen=True)
class GiveOverride(Admin):
    """A phone is let in for some hours."""

    subject = Subject.BLOCKS
    draws = (PLACES, st.sampled_from([1, 6]))
    place: int
    hours: int

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        request = OverrideRequest(hours=self.hours, reason="a false alarm")
        until = history.world.clock() + timedelta(hours=self.hours)
        word = OverrideWord(until, await _shown_open(history, phone.entra_id))
        work = override(services, ADA, phone.entra_id, request)
        return await said(history.words.overrides, phone.entra_id, word, work, history.alone)


async def _shown_open(history: History, entra_id: str) -> frozenset[str]:
    """The reports of all that is open on a device, as the admin sees it."""
    found = await history.store.read(Device, entra_id)
    live = [each for each in found.document.slots.values() if not each.moved] if found else []
    listed = {finding.report for each in live for finding in each.findings}
    return frozenset(listed | {each.own_report for each in live if each.own_report})


@dataclass(frozen=True)
class EndOverride(Admin):
    """And not any more."""

    subject = Subject.BLOCKS
    draws = (PLACES,)
    place: int

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        word = OverrideWord(history.world.clock())
        work = end_override(services, BOB, phone.entra_id, EndRequest(reason="it was none"))
        return await said(history.words.overrides, phone.entra_id, word, work, history.alone)


@dataclass(frozen=True)
class LinkByHand(Admin):
    """The agent of one phone is put on another by hand, or on the one that shows it."""

    subject = Subject.LINKS
    weight = 3
    draws = (PLACES, st.none() | OTHER_PLACES, PARTNERS)
    agent: int
    device: int | None
    partner: str

    async def run(self, history: History, services: Services) -> object:
        phones = history.tenant.phones
        id_ = agent_id(phones[self.agent], self.partner)
        shown = phones[self.agent if self.device is None else self.device].entra_id
        if self.device is None:
            shown = await _shows(history, id_) or shown
        work = link(services, ADA, id_, LinkRequest(device=shown, reason="read off the phone"))
        return await said(history.words.links, id_, shown, work, history.alone)


async def _shows(history: History, id_: str) -> str | None:
    """The phone on which an agent stands."""
    for phone in history.tenant.phones:
        found = await history.store.read(Device, phone.entra_id)
        slot = found.document.slots.get(id_) if found else None
        if slot and not (slot.moved or slot.withdrawn):
            return phone.entra_id
    return None


@dataclass(frozen=True)
class UnlinkByHand(Admin):
    """Its link is undone by hand."""

    subject = Subject.LINKS
    weight = 3
    draws = (PLACES, PARTNERS)
    agent: int
    partner: str

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.agent]
        id_ = agent_id(phone, self.partner)
        work = unlink(services, BOB, id_, UnlinkRequest(reason="another phone"))
        return await said(history.words.links, id_, None, work, history.alone)


@dataclass(frozen=True)
class Approve(Admin):
    """The stop that is open is approved."""

    subject = Subject.BLOCKS

    async def run(self, history: History, services: Services) -> object:
        found = await history.store.read(Guard, GUARD_ID)
        stop = found.document.stop if found else None
        if stop is None:
            return None
        waiting = set()
        for phone in history.tenant.phones:
            device = await history.store.read(Device, phone.entra_id)
            if device is not None and device.document.tag.stop == stop.id:
                waiting.add(phone.entra_id)
        try:
            request = ApprovalRequest(reason="the blocks are right")
            return await approve_stop(services, ADA, stop.id, request)
        finally:  # also where its answer never came
            after = await history.store.read(Guard, GUARD_ID)
            if after is None or after.document.stop is None or after.document.stop.id != stop.id:
                history.blocked_at.clear()
                history.granted |= waiting


@dataclass(frozen=True)
class ChooseMode(Admin):
    """The app's mode is set: its instances begin anew with it."""

    subject = Subject.BLOCKS
    draws = (st.sampled_from([Mode.ENFORCE, Mode.ENFORCE, Mode.REPORT, Mode.OFF]),)
    mode: Mode

    async def run(self, history: History, services: Services) -> object:
        history.restarts(mode=self.mode)
        return None


@dataclass(frozen=True)
class Release(Admin):
    """Every block is taken back, where the mode allows it."""

    writes_always = True
    subject = Subject.BLOCKS

    async def run(self, history: History, services: Services) -> object:
        done = await release_tags(services, ADA, ReleaseRequest(reason="a rest"))
        if history.alone and not done.failed and not done.remaining:
            left = [phone.name for phone in history.tenant.phones if is_block(history.tag(phone))]
            assert not left, f"every block was taken back, and {left} are blocked"
        return done


class _Letter(BaseModel):
    id: str
    partner: str


@dataclass(frozen=True)
class Redrive(Admin):
    """A dead letter is tried again."""

    subject = Subject.MESSAGES
    draws = (st.integers(0, 3),)
    number: int

    async def run(self, history: History, services: Services) -> object:
        letters = [row async for row in history.store.rows(_Letter, "dead_letters", DEAD_LETTERS)]
        if not letters:
            return None
        letter = letters[self.number % len(letters)]
        return await redrive(services, BOB, letter.id, letter.partner)


def agent_id(phone: Any, partner: str = "own") -> str:
    """The id of a phone's agent."""
    return f"{PARTNER[phone.system] if partner == 'own' else partner}:{phone.agent_id}"

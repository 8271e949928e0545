"""What can happen in a history. A new operation, or a new function of the app, joins by one class here."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from evaluate_risk.enforce import retry_pending
from evaluate_risk.evaluation import evaluate
from evaluate_risk.guard import GUARD_ID, Guard
from ingest_threat.intake import accept
from local.partners import lookout, zimperium
from local.partners.message import encoded
from serve_console.approvals import ApprovalRequest, approve_stop
from serve_console.linking import LinkRequest, UnlinkRequest, link, unlink
from serve_console.overrides import EndRequest, OverrideRequest, end_override, override
from shared.domain.level import Level
from shared.domain.model import Report
from shared.errors import MtdError, StoreUnavailable
from shared.services import Services
from sync_inventory.run import sync
from tests.histories.history import History
from tests.histories.tenant import PARTNER
from tests.serve_console.hands import ADA, BOB

VOICES: dict[str, Any] = {"lookout": lookout, "zimperium": zimperium}
PLACES = st.integers(0, 2)
"""One of the three phones."""


class Document(BaseModel):
    """A document of the feed as the host hands it over."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class Operation:
    """Something that happens, by one instance of the app or outside it."""

    may_raise: ClassVar[tuple[type[Exception], ...]] = (StoreUnavailable,)
    """What its caller may be answered: it is told, and nothing it did half is lost."""
    weight: ClassVar[int] = 1

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        """Any operation of this kind."""
        return st.builds(cls)

    async def run(self, history: History, services: Services) -> object:
        """Let it happen."""
        raise NotImplementedError


@dataclass(frozen=True)
class Deliver(Operation):
    """A partner's message about a phone; its event lies some minutes back, or ahead."""

    weight = 6
    place: int
    says: str
    key: str
    minutes: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        says = st.sampled_from(["detection", "detection", "low_threat", "resolution", "check_in"])
        return st.builds(cls, PLACES, says, st.sampled_from("xy"), st.sampled_from([-45, -2, 0, 30]))

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        partner = PARTNER[phone.system]
        at = history.world.clock() + timedelta(minutes=self.minutes)
        voice = VOICES[partner]
        says = self.says if hasattr(voice, self.says) else "detection"
        say = getattr(voice, says)
        body = encoded(say(phone, at) if says == "check_in" else say(phone, self.key, at))
        history.bodies.append((partner, body))
        return await _taken(history, services, partner, body)


@dataclass(frozen=True)
class Again(Operation):
    """A message that was sent before comes once more: a duplicate, or one that is late."""

    weight = 2
    number: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, st.integers(0, 9))

    async def run(self, history: History, services: Services) -> object:
        if not history.bodies:
            return None
        return await _taken(history, services, *history.bodies[self.number % len(history.bodies)])


async def _taken(history: History, services: Services, partner: str, body: bytes) -> object:
    received_at = history.world.clock()
    answer = await accept(services, partner, body)
    history.promised.append((partner, body, received_at))
    return answer


@dataclass(frozen=True)
class Feed(Operation):
    """The change feed brings a batch; the cursor moves only where the function ended well."""

    weight = 4
    size: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, st.sampled_from([1, 3, 100]))

    async def run(self, history: History, services: Services) -> object:
        reader = history.world.services.store
        page = await reader.changes(Document, Report.container, size=self.size, token=history.cursor)
        if page.rows:
            await evaluate(services, [row.model_dump(mode="json") for row in page.rows])
        history.cursor = page.token
        return len(page.rows)


@dataclass(frozen=True)
class Minute(Operation):
    """The minute timer."""

    weight = 2

    async def run(self, history: History, services: Services) -> object:
        return await retry_pending(services)


@dataclass(frozen=True)
class Sync(Operation):
    """The sync's timer."""

    weight = 2

    async def run(self, history: History, services: Services) -> object:
        run = await sync(services)
        return run and [(step.step, step.error) for step in run.steps if step.error]


@dataclass(frozen=True)
class Admin(Operation):
    """What an admin asks for; refused, it is said why."""

    may_raise = (MtdError,)


@dataclass(frozen=True)
class GiveOverride(Admin):
    """A phone is let in for some hours."""

    place: int
    hours: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, PLACES, st.sampled_from([1, 6]))

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        return await override(
            services, ADA, phone.entra_id, OverrideRequest(hours=self.hours, reason="a false alarm")
        )


@dataclass(frozen=True)
class EndOverride(Admin):
    """And not any more."""

    place: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, PLACES)

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        return await end_override(services, BOB, phone.entra_id, EndRequest(reason="it was none"))


@dataclass(frozen=True)
class LinkByHand(Admin):
    """The agent of one phone is put on another by hand, or back."""

    agent: int
    place: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, PLACES, PLACES)

    async def run(self, history: History, services: Services) -> object:
        phone, device = history.tenant.phones[self.agent], history.tenant.phones[self.place]
        history.touched.update({phone.entra_id, device.entra_id})
        request = LinkRequest(device=device.entra_id, reason="read off the phone")
        return await link(services, ADA, agent_id(phone), request)


@dataclass(frozen=True)
class UnlinkByHand(Admin):
    """Its link is undone by hand."""

    agent: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, PLACES)

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.agent]
        history.touched.add(phone.entra_id)
        return await unlink(services, BOB, agent_id(phone), UnlinkRequest(reason="another phone"))


@dataclass(frozen=True)
class Approve(Admin):
    """The stop that is open is approved."""

    async def run(self, history: History, services: Services) -> object:
        found = await history.world.services.store.read(Guard, GUARD_ID)
        stop = found.document.stop if found else None
        if stop is None:
            return None
        history.blocked_at.clear()
        return await approve_stop(services, ADA, stop.id, ApprovalRequest(reason="the blocks are right"))


@dataclass(frozen=True)
class Rule(Operation):
    """A policy of Intune asks for more, or for less."""

    system: str
    level: Level

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        levels = st.sampled_from([Level.SECURED, Level.LOW, Level.HIGH])
        return st.builds(cls, st.sampled_from(sorted(PARTNER)), levels)

    async def run(self, history: History, services: Services) -> object:
        history.tenant.allowed[self.system] = self.level
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class Switch(Operation):
    """A partner's connector is switched in Intune."""

    partner: str
    on: bool

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, st.sampled_from(sorted(VOICES)), st.booleans())

    async def run(self, history: History, services: Services) -> object:
        history.tenant.on[self.partner] = self.on
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class Pass(Operation):
    """Time passes, or a clock is put back."""

    weight = 2
    minutes: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, st.sampled_from([1, 11, 61, -3]))

    async def run(self, history: History, services: Services) -> object:
        history.world.clock.pass_time(minutes=self.minutes)
        return None


@dataclass(frozen=True)
class EnrollAgain(Operation):
    """A phone comes back under new ids."""

    place: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, PLACES)

    async def run(self, history: History, services: Services) -> object:
        history.touched.add(history.tenant.phones[self.place].entra_id)
        history.tenant.enrolled_again(history.world, self.place)
        history.touched.add(history.tenant.phones[self.place].entra_id)
        return None


@dataclass(frozen=True)
class Cleared(Operation):
    """Somebody clears the attribute in Entra."""

    place: int

    @classmethod
    def drawn(cls) -> st.SearchStrategy[Any]:
        return st.builds(cls, PLACES)

    async def run(self, history: History, services: Services) -> object:
        history.write(history.tenant.phones[self.place].entra_id, None)
        return None


def agent_id(phone: Any) -> str:
    """The id of a phone's agent."""
    return f"{PARTNER[phone.system]}:{phone.agent_id}"


def _kinds(base: type[Operation]) -> list[type[Operation]]:
    own = [base] if "run" in vars(base) and base is not Operation else []
    return own + [kind for below in base.__subclasses__() for kind in _kinds(below)]


def operations() -> st.SearchStrategy[Operation]:
    """Any operation there is, the frequent ones more often."""
    kinds = _kinds(Operation)
    return st.one_of(*(kind.drawn() for kind in kinds for _ in range(kind.weight)))

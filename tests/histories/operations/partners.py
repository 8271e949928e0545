"""What partners send."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st

from ingest_threat.heartbeat import record_heartbeat
from ingest_threat.intake import accept
from local.partners import better_mobile, lookout, zimperium
from local.partners.message import Message, encoded
from shared.errors import StoreUnavailable, UnknownPartner
from shared.services import Services
from tests.histories.history import History
from tests.histories.operation import OTHER_PLACES, PLACES, Operation, Subject
from tests.histories.tenant import PARTNER, STRAY

VOICES: dict[str, Any] = {"lookout": lookout, "zimperium": zimperium, STRAY: better_mobile}
KEYS = st.sampled_from("xy")
AGO = st.sampled_from([-45, -2, 0, 30])
"""Minutes from now on at which what is reported happened."""


@dataclass(frozen=True)
class Deliver(Operation):
    """A partner's message about a phone; its event lies some minutes back, or ahead."""

    weight = 8
    calls = 4
    draws = (
        PLACES,
        st.sampled_from(["detection", "detection", "low_threat", "resolution", "check_in", "check_in"]),
        KEYS,
        AGO,
    )
    place: int
    says: str
    key: str
    minutes: int

    def partner(self, history: History) -> str:
        """Who sends it."""
        return PARTNER[history.tenant.phones[self.place].system]

    async def run(self, history: History, services: Services) -> object:
        partner = self.partner(history)
        return await _sent(history, services, partner, encoded(self.message(history, partner)))

    def message(self, history: History, partner: str) -> Message:
        """What is sent."""
        phone, voice = history.tenant.phones[self.place], VOICES[partner]
        at = history.world.clock() + timedelta(minutes=self.minutes)
        says = self.says if hasattr(voice, self.says) else "detection"
        say = getattr(voice, says)
        message: Message = say(phone, at) if says == "check_in" else say(phone, self.key, at)
        return message


@dataclass(frozen=True)
class DeliverStray(Deliver):
    """The same from a partner that counts for no phone, unless an admin says so: it is stored in any case."""

    subject = Subject.MESSAGES
    weight = 1

    def partner(self, history: History) -> str:
        return STRAY


@dataclass(frozen=True)
class NameAnother(Operation):
    """A phone's agent says it is another phone, as after an id that was entered wrongly; what it says next
    corrects it."""

    subject = Subject.LINKS
    draws = (PLACES, OTHER_PLACES)
    place: int
    named: int

    async def run(self, history: History, services: Services) -> object:
        phone, other = history.tenant.phones[self.place], history.tenant.phones[self.named]
        partner = PARTNER[phone.system]
        said = VOICES[partner].check_in(replace(phone, intune_id=other.intune_id), history.world.clock())
        return await _sent(history, services, partner, encoded(said))


@dataclass(frozen=True)
class HalfReadable(Operation):
    """A message of two threats, one of which cannot be read: the other counts, and this one is kept."""

    subject = Subject.MESSAGES
    draws = (PLACES, KEYS)
    place: int
    key: str

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        partner = PARTNER[phone.system]
        good = VOICES[partner].detection(phone, self.key, history.world.clock())
        items = good if isinstance(good, list) else [good]
        body = encoded({"events": [*items, {"unreadable": str(history.world.clock())}]})
        return await _sent(history, services, partner, body)


@dataclass(frozen=True)
class Homeless(Operation):
    """A threat whose message names no device: it is the agent's that bears its key, once there is one."""

    subject = Subject.MESSAGES
    draws = (PLACES, KEYS)
    place: int
    key: str

    async def run(self, history: History, services: Services) -> object:
        phone = history.tenant.phones[self.place]
        message: Any = lookout.resolution(phone, self.key, history.world.clock())
        message["target"] = message["actor"] = {"type": "SYSTEM"}
        return await _sent(history, services, "lookout", encoded(message))


@dataclass(frozen=True)
class Again(Operation):
    """A message that was sent before comes once more: a duplicate, or one that is late."""

    subject = Subject.MESSAGES
    weight = 2
    draws = (st.integers(0, 9),)
    number: int

    async def run(self, history: History, services: Services) -> object:
        if not history.bodies:
            return None
        return await _sent(history, services, *history.bodies[self.number % len(history.bodies)])


@dataclass(frozen=True)
class FromNobody(Operation):
    """A message for a partner that there is none of."""

    subject = Subject.MESSAGES
    may_raise = (StoreUnavailable, UnknownPartner)

    async def run(self, history: History, services: Services) -> object:
        return await accept(services, "nobody", b"{}")


async def _sent(history: History, services: Services, partner: str, body: bytes) -> object:
    history.bodies.append((partner, body))
    await record_heartbeat(services, partner)
    received_at = history.world.clock()
    answer = await accept(services, partner, body)
    history.promised.append((partner, body, received_at))
    return answer

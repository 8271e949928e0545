"""What is changed in Intune and in Entra, and in the app's settings about partners."""

from dataclasses import dataclass

from hypothesis import strategies as st

from shared.domain.level import Level
from shared.domain.record import Platform
from shared.services import Services
from tests.histories.history import History
from tests.histories.operation import PLACES, Operation, Subject
from tests.histories.tenant import CONNECTORS, KINDS, PARTNER, STRAY

FOREIGN = "kiosk"


@dataclass(frozen=True)
class Rule(Operation):
    """A policy of Intune asks for more, for less, or for nothing."""

    subject = Subject.BLOCKS
    draws = (st.sampled_from(sorted(KINDS)), st.sampled_from([Level.SECURED, Level.LOW, Level.HIGH, None]))
    system: str
    level: Level | None

    async def run(self, history: History, services: Services) -> object:
        history.tenant.allowed[self.system] = self.level
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class Switch(Operation):
    """A partner's connector is switched in Intune, where it has one."""

    subject = Subject.CONSENT
    draws = (st.sampled_from(sorted(CONNECTORS)), st.booleans())
    partner: str
    on: bool

    async def run(self, history: History, services: Services) -> object:
        if self.partner not in CONNECTORS:
            return None
        history.tenant.on[self.partner] = self.on
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class AppSync(Operation):
    """An admin opts in to app inventory, of personal phones too or not, or out."""

    subject = Subject.CONSENT
    weight = 2
    draws = (st.booleans(), st.booleans())
    on: bool
    personal: bool

    async def run(self, history: History, services: Services) -> object:
        history.tenant.app_sync, history.tenant.app_sync_personal = self.on, self.personal
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class Own(Operation):
    """A phone becomes somebody's own, or the company's."""

    subject = Subject.CONSENT
    weight = 2
    draws = (PLACES, st.booleans())
    place: int
    personal: bool

    async def run(self, history: History, services: Services) -> object:
        change = history.tenant.personal.add if self.personal else history.tenant.personal.discard
        change(self.place)
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class Count(Operation):
    """A partner is put among those that count in the app's settings, or taken out."""

    subject = Subject.CONSENT
    draws = (st.sampled_from(sorted(KINDS)), st.booleans(), st.sampled_from(["own", "own", STRAY]))
    system: str
    on: bool
    partner: str

    async def run(self, history: History, services: Services) -> object:
        enabled = history.tenant.enabled[self.system]
        change = enabled.add if self.on else enabled.discard
        change(PARTNER[self.system] if self.partner == "own" else self.partner)
        platform = Platform(self.system.lower())
        history.restarts(partners={**history.settings.partners, platform: tuple(sorted(enabled))})
        return None


@dataclass(frozen=True)
class EnrollAgain(Operation):
    """A phone comes back under new ids."""

    subject = Subject.LINKS
    draws = (PLACES,)
    place: int

    async def run(self, history: History, services: Services) -> object:
        history.tenant.enrolled_again(history.world, self.place)
        return None


@dataclass(frozen=True)
class Write(Operation):
    """Somebody writes the attribute in Entra: clears it, or has a use for it."""

    subject = Subject.BLOCKS
    draws = (PLACES, st.sampled_from([None, FOREIGN]))
    place: int
    value: str | None

    async def run(self, history: History, services: Services) -> object:
        history.write(history.tenant.phones[self.place].entra_id, self.value)
        return None

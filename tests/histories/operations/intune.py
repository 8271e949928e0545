"""What is changed in Intune and in Entra, and in the app's settings about partners."""

from dataclasses import dataclass

from hypothesis import strategies as st

from shared.domain.level import Level
from shared.domain.record import Platform
from shared.services import Services
from tests.histories.history import History
from tests.histories.operation import PLACES, Operation, Subject
from tests.histories.tenant import CONNECTORS, KINDS, PARTNER

FOREIGN = "kiosk"


@dataclass(frozen=True)
class Rule(Operation):
    """A policy of Intune asks for more, or for less."""

    subject = Subject.BLOCKS
    draws = (st.sampled_from(sorted(KINDS)), st.sampled_from([Level.SECURED, Level.LOW, Level.HIGH]))
    system: str
    level: Level

    async def run(self, history: History, services: Services) -> object:
        history.tenant.allowed[self.system] = self.level
        history.tenant.put(history.world)
        return None


@dataclass(frozen=True)
class Switch(Operation):
    """A partner's connector is switched in Intune."""

    subject = Subject.CONSENT
    draws = (st.sampled_from(sorted(CONNECTORS)), st.booleans())
    partner: str
    on: bool

    async def run(self, history: History, services: Services) -> object:
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
class Count(Operation):
    """A partner is put among those that count in the app's settings, or taken out."""

    subject = Subject.CONSENT
    draws = (st.sampled_from(sorted(KINDS)), st.booleans())
    system: str
    on: bool

    async def run(self, history: History, services: Services) -> object:
        platform = Platform(self.system.lower())
        history.tenant.counts[self.system] = self.on
        counting = (PARTNER[self.system],) if self.on else ()
        history.restarts(partners={**history.settings.partners, platform: counting})
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

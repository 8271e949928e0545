"""What the app does by itself, and the time that passes meanwhile."""

from dataclasses import dataclass

from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from evaluate_risk.enforce import retry_pending
from evaluate_risk.evaluation import evaluate
from shared.domain.model import Report
from shared.services import Services
from sync_inventory.run import sync
from tests.histories.history import History
from tests.histories.operation import Operation, Subject


class Document(BaseModel):
    """A document of the feed as the host hands it over."""

    model_config = ConfigDict(extra="allow")


@dataclass(frozen=True)
class Feed(Operation):
    """The change feed brings a batch; the cursor moves only where the function ended well, and where nobody
    moved it meanwhile: who is late has lost the lease."""

    weight = 4
    calls = 20
    draws = (st.sampled_from([1, 3, 100]),)
    size: int

    async def run(self, history: History, services: Services) -> object:
        begun = history.cursor
        page = await history.store.changes(Document, Report.container, size=self.size, token=begun)
        if page.rows:
            await evaluate(services, [row.model_dump(mode="json") for row in page.rows])
        if history.cursor == begun:
            history.cursor = page.token
        return len(page.rows)


@dataclass(frozen=True)
class Rewind(Operation):
    """The feed begins anew, as where its leases are gone."""

    subject = Subject.MESSAGES

    async def run(self, history: History, services: Services) -> object:
        history.cursor = None
        return None


@dataclass(frozen=True)
class Minute(Operation):
    """The minute timer."""

    subject = Subject.BLOCKS
    weight = 2

    async def run(self, history: History, services: Services) -> object:
        return await retry_pending(services)


@dataclass(frozen=True)
class Sync(Operation):
    """The sync's timer."""

    calls = 90

    async def run(self, history: History, services: Services) -> object:
        run = await sync(services)
        if run is None:
            return "another has the lease"
        return [(step.step, step.error) for step in run.steps if step.error]


@dataclass(frozen=True)
class Pass(Operation):
    """Time passes, or a clock is put back."""

    subject = Subject.BLOCKS
    weight = 2
    draws = (st.sampled_from([1, 11, 61, -3]),)
    minutes: int

    async def run(self, history: History, services: Services) -> object:
        history.world.clock.pass_time(minutes=self.minutes)
        history.world.skipping.slept.append(max(0, self.minutes) * 60)
        return None

"""What a vendor that is polled has, and the poll's timer."""

import json
from dataclasses import dataclass

from hypothesis import strategies as st

from local.partners import lookout
from local.vendors.lookout import LOOKOUT
from poll_partners.found import sources
from poll_partners.reading import poll
from poll_partners.source import Source
from shared.errors import StoreError
from shared.services import Services
from tests.histories.history import History
from tests.histories.operation import PLACES, Operation, Subject
from tests.histories.operations.partners import KEYS

POLLED = "lookout"


@dataclass(frozen=True)
class Happen(Operation):
    """Lookout notes what happened on a phone, and tells nobody until it is asked."""

    subject = Subject.POLLS
    weight = 2
    draws = (PLACES, st.sampled_from(["detection", "resolution", "low_threat"]), KEYS)
    place: int
    says: str
    key: str

    async def run(self, history: History, services: Services) -> object:
        now = history.world.clock()
        message = getattr(lookout, self.says)(history.tenant.phones[self.place], self.key, now)
        for event in message if isinstance(message, list) else [message]:
            if event["id"] in history.noted:  # one event has one number
                continue
            history.noted.add(event["id"])
            history.vendors[LOOKOUT].arrive(event)
            body = json.dumps({"events": [history.vendors[LOOKOUT].events[-1].event]}).encode()
            history.promised.append((POLLED, body, now))
        return None


@dataclass(frozen=True)
class Poll(Operation):
    """The poll's timer."""

    subject = Subject.POLLS
    weight = 2
    calls = 10
    may_raise = (StoreError,)

    async def run(self, history: History, services: Services) -> object:
        source = sources()[POLLED]
        assert isinstance(source, Source)
        run = await poll(services, POLLED, source)
        return run and (run.accepted, run.duplicates, run.error)

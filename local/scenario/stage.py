"""What the steps of a scenario play with: the hands, the journal, and the phones of this run."""

import random
from datetime import datetime, timedelta
from functools import cached_property
from types import ModuleType

from local.partners import (
    better_mobile,
    checkpoint_harmony,
    lookout,
    pradeo,
    sophos,
    symantec_sep_mobile,
    wandera_jamf,
    zimperium,
)
from local.partners.message import Message, Partner
from local.sample_tenant import PLATFORM, Phone
from local.scenario.hands import Hands
from local.scenario.journal import Journal

_MODULES: tuple[ModuleType, ...] = (
    lookout,
    zimperium,
    wandera_jamf,
    checkpoint_harmony,
    symantec_sep_mobile,
    pradeo,
    better_mobile,
    sophos,
)
PARTNERS: dict[str, Partner] = {module.__name__.rpartition(".")[2]: module for module in _MODULES}
"""The sample partners by slug."""


class Stage:
    """One run of the scenario: a run that was cut off goes on with the same phones and the same messages."""

    def __init__(self, hands: Hands, journal: Journal) -> None:
        self.hands = hands
        self.journal = journal

    @cached_property
    def android(self) -> Phone:
        """The phone of Microsoft's first story."""
        return self.phone("Android phone", "Android")

    @cached_property
    def iphone(self) -> Phone:
        """The phone of the second."""
        return self.phone("iPhone", "iOS")

    @cached_property
    def second(self) -> Phone:
        """Another Android phone."""
        return self.phone("second Android phone", "Android")

    def phone(self, name: str, system: str) -> Phone:
        """A phone of this run."""
        return Phone.of(self.journal.run, name, system)

    def at(self, seconds: float = 0) -> datetime:
        """A time after the run's beginning."""
        return self.journal.started + timedelta(seconds=seconds)

    async def post(self, partner: str, message: Message) -> dict[str, object]:
        """Have a partner send a message."""
        return await self.hands.post(partner, message)

    async def check_in(self, phone: Phone, *partners: str) -> None:
        """Have partners say that all is well with a phone."""
        for partner in partners:
            await self.post(partner, PARTNERS[partner].check_in(phone, self.at()))

    def shuffled(self, messages: list[tuple[str, Message]]) -> list[tuple[str, Message]]:
        """The messages twice, in any order."""
        return random.sample(messages * 2, len(messages) * 2)


def partners_of(platform: str) -> list[str]:
    """The slugs of the partners that look after a platform in the sample."""
    return [partner for partner, its in PLATFORM.items() if its == platform]

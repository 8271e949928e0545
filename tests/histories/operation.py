"""What can happen in a history. A new operation, or a new function of the app, joins by one class in a module
of `operations/`."""

import pkgutil
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from typing import Any, ClassVar

from hypothesis import strategies as st

from shared.errors import StoreUnavailable
from shared.services import Services
from tests.histories import operations
from tests.histories.history import History

PLACES = st.sampled_from([0, 0, 1, 2])
"""One of the three phones; the first more often, so that things meet. Whoever draws may choose others."""
OTHER_PLACES = st.sampled_from([0, 0, 1, 2])
"""A second phone that an operation is about."""


class Subject(StrEnum):
    """What an operation is about: those that are about one thing are drawn together."""

    EVERY_DAY = "every day"
    MESSAGES = "messages"
    LINKS = "links"
    BLOCKS = "blocks"
    CONSENT = "consent"
    POLLS = "polls"


@dataclass(frozen=True)
class Operation:
    """Something that happens, by one instance of the app or outside it."""

    may_raise: ClassVar[tuple[type[Exception], ...]] = (StoreUnavailable,)
    """What its caller may be answered: then it is asked again, and nothing it did half is lost."""
    subject: ClassVar[Subject] = Subject.EVERY_DAY
    weight: ClassVar[int] = 1
    """How often it is drawn, against the others."""
    calls: ClassVar[int] = 16
    """Of how many calls, at most, one may meet trouble."""

    writes_always: ClassVar[bool] = False
    """Whether it may write to Entra in every mode."""
    draws: ClassVar[tuple[st.SearchStrategy[Any], ...]] = ()
    """What its fields are drawn from, in their order."""

    @classmethod
    def drawn(cls, places: st.SearchStrategy[int] = PLACES) -> st.SearchStrategy[Any]:
        """Any operation of this kind, about phones of these places."""
        return st.builds(cls, *(places if each is PLACES else each for each in cls.draws))

    async def run(self, history: History, services: Services) -> object:
        """Let it happen; what it comes to goes into the history's log."""
        raise NotImplementedError


def operations_of(
    kinds: Sequence[type[Operation]], places: st.SearchStrategy[int] = PLACES
) -> st.SearchStrategy[Operation]:
    """Any operation of some kinds, the frequent ones more often."""
    return st.one_of(*(kind.drawn(places) for kind in kinds for _ in range(kind.weight)))


@cache
def all_kinds() -> tuple[type[Operation], ...]:
    """Every kind there is, by name."""
    for module in pkgutil.iter_modules(operations.__path__):
        import_module(f"{operations.__name__}.{module.name}")
    return tuple(sorted(_kinds(Operation), key=lambda kind: kind.__name__))


def _kinds(base: type[Operation]) -> list[type[Operation]]:
    own = [base] if base.run is not Operation.run else []
    return own + [kind for below in base.__subclasses__() for kind in _kinds(below)]

"""Work on many documents side by side; one that fails is left for the next run, and the others go on."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from pydantic import ValidationError

from shared.bounded import bounded_gather
from shared.domain.model import unreadable
from shared.errors import Contended, MtdError, StoreUnavailable
from sync_inventory.tally import Tally

CONCURRENCY = 16
"""Documents worked on side by side."""


class _Named(Protocol):
    @property
    def id(self) -> str: ...


T = TypeVar("T", bound="str | _Named")


async def side_by_side(items: Iterable[T], work: Callable[[T], Awaitable[None]], tally: Tally) -> None:
    """Do `work` on every item. One that fails is noted in `tally`, and the others go on.

    So it is with one whose stored document cannot be read: it stays as it is, and each run names it.

    Raises StoreUnavailable when the store is away: the rest would fail as well, and the next run does it.
    """

    async def one(item: T) -> None:
        try:
            await work(item)
        except ValidationError as error:
            tally.add("failed")
            tally.trouble(f"{_name(item)}: {unreadable(error)}")
        except MtdError as error:
            if isinstance(error, StoreUnavailable) and not isinstance(error, Contended):
                raise
            tally.add("failed")
            tally.trouble(str(error))

    await bounded_gather(one, items, limit=CONCURRENCY, ends_at=(StoreUnavailable,))


def _name(item: "str | _Named") -> str:
    return item if isinstance(item, str) else item.id

"""Work on many documents: what fails is named, and stops nobody else."""

from typing import NamedTuple

import pytest

from shared.domain.model import Device
from shared.errors import Contended, GraphRefused, StoreUnavailable
from sync_inventory.side_by_side import side_by_side
from sync_inventory.tally import Tally


class Item(NamedTuple):
    id: str


@pytest.mark.parametrize("item", ["device-1", Item("device-1")])
async def test_one_that_cannot_be_read_is_named_and_the_others_are_done(item: str | Item) -> None:
    done, tally = list[str | Item](), Tally()

    async def work(each: str | Item) -> None:
        if each == item:
            Device.model_validate({"id": "Anna's phone"})
        done.append(each)

    await side_by_side([item, "device-2"], work, tally)
    assert done == ["device-2"]
    assert tally.counts == {"failed": 1}
    assert tally.error == "device-1: a stored Device cannot be read (1 fields)"


@pytest.mark.parametrize("error", [GraphRefused("Graph refuses"), Contended("too many at once")])
async def test_one_that_fails_says_why_and_the_others_are_done(error: Exception) -> None:
    done, tally = list[str](), Tally()

    async def work(each: str) -> None:
        if each == "device-1":
            raise error
        done.append(each)

    await side_by_side(["device-1", "device-2"], work, tally)
    assert done == ["device-2"]
    assert (tally.counts, tally.error) == ({"failed": 1}, str(error))


async def test_a_store_that_is_away_ends_it() -> None:
    tally = Tally()

    async def work(_: str) -> None:
        raise StoreUnavailable("Cosmos DB answered 503")

    with pytest.raises(StoreUnavailable):
        await side_by_side(["device-1"], work, tally)
    assert tally.error is None


async def test_what_nobody_foresaw_ends_it() -> None:
    async def work(_: str) -> None:
        raise KeyError("Anna's phone")

    with pytest.raises(KeyError):
        await side_by_side(["device-1"], work, Tally())

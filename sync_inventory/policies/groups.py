"""The user groups that compliance policies name: who is in them, looked up once a run."""

from collections.abc import Collection
from typing import NamedTuple

from shared.domain.rule import Rules
from shared.errors import GraphNotFound, GraphRefused
from shared.log import LogEvent, log_event
from shared.services import Services
from sync_inventory.scratch import ROWS, Scratch
from sync_inventory.tally import Tally

_TABLE = "CREATE TABLE IF NOT EXISTS member (user TEXT, of TEXT, PRIMARY KEY (user, of)) WITHOUT ROWID;"


class LookedUp(NamedTuple):
    """What looking groups up came to, of those that did not simply have users."""

    refused: frozenset[str]
    """Graph refuses to say who is in them."""
    missing: frozenset[str]
    """Entra knows no such group."""
    empty: frozenset[str]
    """No user is in them: at most devices and contacts, or users whose membership is hidden."""


class Groups:
    """Members of the groups of one run; nothing is known until they were looked up."""

    def __init__(self, services: Services, scratch: Scratch) -> None:
        self._services = services
        self._scratch = scratch
        self._scratch.script(_TABLE)
        self._known = False
        self.settled: Rules | None = None
        """The rules as they hold once the devices of the users of newly named groups were swept; None where
        no group is new."""

    async def look_up(self, groups: Collection[str], tally: Tally) -> LookedUp:
        """Read the members of `groups`.

        Raises GraphUnavailable where Graph does not answer: then nothing is known of any of them.
        """
        self._known = False
        self._scratch.script("DELETE FROM member;")
        refused: set[str] = set()
        missing: set[str] = set()
        empty: set[str] = set()
        for group in sorted(groups):
            try:
                if not await self._read_users(group, tally):
                    empty.add(group)
            except GraphNotFound:
                missing.add(group)
            except GraphRefused as error:
                refused.add(group)
                log_event(LogEvent.GROUP_UNKNOWN, group=group, why=error)
        tally.add("groups", len(groups))
        self._known = True
        return LookedUp(frozenset(refused), frozenset(missing), frozenset(empty))

    def of(self, user_id: str | None, before: tuple[str, ...]) -> tuple[str, ...]:
        """The groups of a user, in order; `before`, as last mirrored, where this run could not look them
        up."""
        if not self._known:
            return before
        if user_id is None:
            return ()
        found = self._scratch.rows("SELECT of FROM member WHERE user = ? ORDER BY of", user_id.lower())
        return tuple(group for (group,) in found)

    async def _read_users(self, group: str, tally: Tally) -> int:
        """How many users are in it."""
        page: list[tuple[str, str]] = []
        users = 0
        async for user in self._services.graph.group_users(group):
            page.append((user.id.lower(), group))
            users += 1
            if len(page) == ROWS:
                self._remember(page, tally)
        self._remember(page, tally)
        return users

    def _remember(self, page: list[tuple[str, str]], tally: Tally) -> None:
        self._scratch.write_many("INSERT OR IGNORE INTO member VALUES (?, ?)", page)
        tally.add("group_members", len(page))
        page.clear()

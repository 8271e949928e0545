"""Intune's export of installed apps: ordered once, waited for over as many runs as it takes, fetched once.

The job's id is kept in the store, so that a run that is cut off, or does not want to wait longer, leaves it
to the next one. Intune's report AppInvRawData has one row for each app on each device, as CSV in a zip,
behind a link that is good for some hours and takes no token.

Sources: Graph "deviceManagementExportJob"; Intune "Export reports using Graph APIs" (48 calls a minute for
one app, polling included).
"""

import asyncio
import pathlib
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field

from shared.cosmos import Found
from shared.domain.app_sync import OptIn, OptIns, exceeds, narrowed, widened
from shared.domain.model import Document
from shared.domain.moment import Moment
from shared.errors import AlreadyStored, Conflict, GraphError, GraphNotFound, GraphRefused, GraphUnavailable
from shared.services import Services
from sync_inventory.apps.report import COLUMNS
from sync_inventory.tally import Tally

REPORT = "AppInvRawData"
WHERE = "(Platform eq 'IOS')"
"""That the column can be filtered is documented ("Reports and properties available using Graph API"), how it
spells iOS is not: where nothing comes of it, the export is ordered once without it (`whole`)."""
WAITS = (5.0, 10.0, 20.0, 30.0, 30.0, 30.0)
"""Seconds between the polls of one run; after the last one it is left to the next run."""
STUCK = timedelta(hours=2)
"""How long an export may take: longer, and it is ordered anew."""
ORDERING = timedelta(minutes=10)
"""How long another run may be ordering it: longer, and that run was cut off."""
MAX_BYTES = 1024**3
"""The largest file that is fetched: ten times what 100,000 devices with 60 apps each make."""
TIMEOUT_SECONDS = 30.0
"""The longest nothing comes."""
MAX_SECONDS = 300.0
"""The longest the file may take to come at a try, of which a run has three: the largest then comes at 4 MB a
second."""
_LOOPBACK = frozenset({"127.0.0.1", "localhost"})
_NO_MORE = frozenset({400, 401, 403, 404, 410})
"""What Azure Storage answers to a link whose time is over, or whose file is gone."""


class AppExport(Document):
    """How far the export is, and what was opted in to when."""

    container: ClassVar[str] = "settings"
    id: str = "run:app_export"
    job: str | None = None
    """The ordered job that nobody has fetched yet."""
    ordered_at: Moment | None = None
    """When that was ordered; with no job yet, when somebody set out to order it."""
    done_at: Moment | None = None
    """When the last one had been fetched and every inventory written."""
    held: dict[str, OptIn] = Field(default_factory=dict)
    """What stored inventories may hold at most: whatever of it is opted out of has to be purged."""
    collected: dict[str, OptIn] = Field(default_factory=dict)
    """What the last one collected, as far as it is opted in to still."""
    whole: bool = False
    """Whether it is ordered without its filter, which held everything back."""


class AppExports:
    """The one export there is at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._found: Found[AppExport] | None = None
        self.state = AppExport()

    @classmethod
    async def read(cls, services: Services) -> "AppExports":
        """As it is stored."""
        exports = cls(services)
        exports._found = await services.store.read(AppExport, exports.state.id)
        if exports._found:
            exports.state = exports._found.document
        return exports

    async def order_when_due(self, opt_ins: OptIns, tally: Tally) -> None:
        """Order an export where one is due and none is under way.

        The order is announced before it is made: Conflict where another run announces one at the same time.
        """
        now, state = self._services.now(), self.state
        if not opt_ins or not self._due(opt_ins, now):
            return
        await self.hold(opt_ins)
        if state.job or (state.ordered_at and now - state.ordered_at < ORDERING):
            tally.add("under_way")
            return
        await self._save(ordered_at=now)
        try:
            job = await self._services.graph.order_export(REPORT, COLUMNS, "" if state.whole else WHERE)
        except GraphError:
            await self.forget()
            raise
        await self._save(job=job.id)
        tally.add("ordered")

    async def link(self, tally: Tally) -> str | None:
        """The link to the finished export; None where there is none yet.

        Raises GraphRefused for one that failed, is stuck or unknown: the next run orders it anew.
        """
        if self.state.job is None:
            return None
        for wait in (*WAITS, None):
            try:
                job = await self._services.graph.export(self.state.job)
            except GraphNotFound:
                raise await self.given_up("is not there any more") from None
            if job.status == "completed" and job.url:
                return job.url
            if job.status in {"failed", "completed"}:
                raise await self.given_up(f"came to the status {job.status} without a link")
            if wait is not None:
                await self._services.waiting.sleep(wait)
        waited = self._services.now() - (self.state.ordered_at or self._services.now())
        if waited > STUCK:
            raise await self.given_up(f"is {job.status} after {waited.total_seconds() / 3600:.0f} hours")
        tally.add("awaited")
        return None

    async def fetch(self, link: str, path: pathlib.Path) -> int:
        """Download the export to `path`; its size in bytes.

        Raises GraphRefused for a link that is good no more, and for a file that is too large.
        """
        try:
            where = urlsplit(link)
        except ValueError:
            raise GraphRefused("has a link that is no address") from None
        if where.scheme != "https" and where.hostname not in _LOOPBACK:
            raise GraphRefused("has a link that is not https")
        return await _download(link, path)

    async def hold(self, opt_ins: OptIns) -> None:
        """Put on record what may be stored from now on, before anything is: it will have to be purged."""
        if exceeds(opt_ins, self.state.held):
            await self._save(held=widened(self.state.held, opt_ins))

    async def opt_out(self, opt_ins: OptIns, *, once_more: bool) -> None:
        """Everything beyond `opt_ins` has been purged; `once_more`: a run before may be writing it still, so
        the next one is to look again."""
        held = self.state.held if once_more else narrowed(self.state.held, opt_ins)
        await self._save(held=held, collected=narrowed(self.state.collected, opt_ins))

    async def done(self, opt_ins: OptIns) -> None:
        """The export is in the store."""
        done_at = self._services.now()
        await self._save(job=None, ordered_at=None, done_at=done_at, collected=dict(opt_ins))

    async def order_whole(self, opt_ins: OptIns, tally: Tally) -> bool:
        """Order it once more, without its filter; False where it came without one already."""
        if self.state.whole:
            return False
        await self._save(job=None, ordered_at=None, whole=True)
        await self.order_when_due(opt_ins, tally)
        return True

    async def filter_again(self) -> None:
        """Without its filter there was nothing either: it is not the filter."""
        await self._save(whole=False)

    async def forget(self) -> None:
        """Whatever was ordered is not waited for any more."""
        await self._save(job=None, ordered_at=None)

    def _due(self, opt_ins: OptIns, now: datetime) -> bool:
        done_at, every = self.state.done_at, timedelta(hours=self._services.settings.app_sync_hours)
        return done_at is None or now - done_at >= every or exceeds(opt_ins, self.state.collected)

    async def given_up(self, why: str) -> GraphRefused:
        """The error that says so, once the job is forgotten."""
        await self.forget()
        return GraphRefused(f"Intune's export of apps {why}: the next run orders it anew")

    async def _save(self, **update: object) -> None:
        after, store = self.state.model_copy(update=update), self._services.store
        if after == self.state:
            return
        try:
            etag = await (store.replace(after, self._found.etag) if self._found else store.create(after))
        except AlreadyStored as error:
            raise Conflict("another run is at the export of apps") from error
        self._found, self.state = Found(after, etag), after


async def _download(link: str, path: pathlib.Path) -> int:
    """Without a token: the link is all the authentication there may be."""
    import httpx

    size = 0
    try:
        async with (
            asyncio.timeout(MAX_SECONDS),
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS, headers={"Accept-Encoding": "identity"}) as client,
            client.stream("GET", link) as answer,
        ):
            _check(answer.status_code)
            # Not in a thread: it is one call of the system, and a cancellation would leave the file open.
            with path.open("wb") as file:
                async for chunk in answer.aiter_raw():
                    size += len(chunk)
                    if size > MAX_BYTES:
                        raise GraphRefused(f"is larger than {MAX_BYTES} bytes")
                    await asyncio.to_thread(file.write, chunk)
    except httpx.InvalidURL:
        raise GraphRefused("has a link that is no address") from None
    except (httpx.HTTPError, TimeoutError) as error:
        why = f"the storage of Intune's export cannot be reached ({type(error).__name__})"
        raise GraphUnavailable(why) from error
    return size


def _check(status: int) -> None:
    if status in _NO_MORE:
        raise GraphRefused(f"has a link that is good no more ({status})")
    if status != 200:
        raise GraphUnavailable(f"the storage of Intune's export answered {status}")

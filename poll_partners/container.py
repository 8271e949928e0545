"""A storage container that files are dropped into: what lies there, what is in a file, and moving one away.

By Microsoft's own library, as the app itself. Every call names the version of a file (its ETag) that it is
for: a file that was replaced meanwhile is neither read on nor moved. Blobs have no rename: one is copied
within the container, and then deleted.
"""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from poll_partners.cuts import Unfit
from poll_partners.microsoft import OPTIONS, ToMicrosoft
from shared.domain.poll_settings import PollSettings
from shared.errors import SourceUnavailable
from shared.identity import AppIdentity
from shared.services import Services

if TYPE_CHECKING:
    from azure.storage.blob.aio import ContainerClient

PIECE = 1024 * 1024
"""Bytes that are asked for at a time: while one piece is looked through, all else waits."""
QUOTES = '"'
MAX_NAME = 900
"""Characters of a name that are kept in that of its place: Azure takes 1,024 in all."""


class NotThatFile(Exception):
    """The file is gone, or another stands under its name."""


@dataclass(frozen=True)
class Dropped:
    """A file as the container lists it."""

    name: str
    etag: str
    """In quotation marks, as HTTP has it and a listing has not."""
    size: int
    changed_at: datetime
    is_leased: bool


class DropContainer(ToMicrosoft):
    """One container, within one run of one source."""

    def __init__(self, services: Services, client: "ContainerClient") -> None:
        super().__init__(services)
        self.left: deque[Dropped] | None = None
        """Files that this run has yet to read; None before it has looked."""
        self.under_way: tuple[tuple[str, str, int], AsyncGenerator[str | Unfit, None]] | None = None
        """The items of a file that is being read: its name, its ETag, and how many of them came already."""
        self._client = client

    async def leave_off(self) -> None:
        """Read no further in the file that is being read."""
        if self.under_way is not None:
            await self.under_way[1].aclose()
            self.under_way = None

    async def listed(self, prefix: str) -> list[Dropped]:
        """The files whose names begin with `prefix`, those that changed first before the others. Raises a
        SourceError."""
        with self.in_our_words():
            blobs = self._client.list_blobs(name_starts_with=prefix, raw_response_hook=self.look)
            found = [
                Dropped(
                    blob.name,
                    f'"{blob.etag.strip(QUOTES)}"',
                    blob.size,
                    blob.last_modified,
                    blob.lease.state == "leased",
                )
                async for blob in blobs
            ]
        return sorted(found, key=lambda each: (each.changed_at, each.name))

    async def pieces(self, name: str, etag: str) -> AsyncIterator[bytes]:
        """What is in a file. Raises NotThatFile and SourceError."""
        with self.in_our_words(), _that_file():
            stream = await self._client.download_blob(name, **_only(etag))
            if stream.properties.etag != etag:
                raise SourceUnavailable("200, and not of the file: a proxy")
            async for piece in stream.chunks():
                yield piece

    async def moved(self, name: str, etag: str, folder: str, why: str | None = None) -> None:
        """Move a file to `folder`, with the reason in its metadata; one that is gone, or another by now, is
        left. Raises SourceError."""
        source = self._client.get_blob_client(name)
        version = etag.strip(QUOTES)
        place = self._client.get_blob_client(f"{folder}/{version}/{name[-MAX_NAME:]}")
        metadata = None if why is None else {"reason": why.encode("ascii", "replace").decode()}
        try:
            with self.in_our_words(), _that_file():
                condition = _only(etag, "source_")
                copied = await place.start_copy_from_url(source.url, metadata=metadata, **condition)
                if copied["copy_status"] == "success":
                    await source.delete_blob(**_only(etag))
        except NotThatFile:
            return


def _only(etag: str, of: str = "") -> dict[str, Any]:
    """What has a call refused that meets another version of a file."""
    from azure.core import MatchConditions

    return {f"{of}etag": etag, f"{of}match_condition": MatchConditions.IfNotModified}


@contextmanager
def _that_file() -> Iterator[None]:
    from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

    try:
        yield
    except ResourceNotFoundError as error:
        if getattr(error, "error_code", None) == "ContainerNotFound":
            raise
        raise NotThatFile from None
    except (ResourceModifiedError, ResourceExistsError):
        # 412: another version, or a lease; 409: a copy of it is under way.
        raise NotThatFile from None


@asynccontextmanager
async def opened(services: Services, name: str, settings: PollSettings) -> AsyncIterator[DropContainer]:
    """The container that a partner's files are dropped into, for one run."""
    from azure.storage.blob.aio import ContainerClient

    async with (
        AppIdentity() as identity,
        ContainerClient.from_container_url(
            settings.drop,
            identity,
            max_single_get_size=PIECE,
            max_chunk_get_size=PIECE,
            **OPTIONS,
        ) as client,
    ):
        container = DropContainer(services, client)
        try:
            yield container
        finally:
            await container.leave_off()

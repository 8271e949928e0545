"""The change feed, latest version mode: live documents in the order of their last write.

Written from "Change feed in Azure Cosmos DB", the REST API's A-IM, If-None-Match and If-Modified-Since
headers, and what the .NET reference says of `WithMaxItems` and `PageSizeHint`: a page's size is a hint, for
what one transaction changed comes together. The continuation is the log number of the last transaction
delivered, which each of its documents bears as `_lsn`.
"""

import email.utils
import re
from collections.abc import Iterable

from local.cosmos.protocol import Answer, Call, CosmosError, listing
from local.cosmos.ranges import range_filter
from local.cosmos.store import Container, Store, Stored

_CONTINUATION = re.compile(r'"?([0-9]{1,18})"?')


def changes(store: Store, container: Container, call: Call) -> Answer:
    """A page of changes with the etag to go on from; 304, with an etag as well, when there is nothing new."""
    if call.headers["a-im"].lower() != "incremental feed":
        raise CosmosError(400, "this stand-in has the latest version mode of the change feed only")
    rows = store.in_change_order(container, call.partition, after=_after(store, call), since=_since(call))
    in_range = range_filter(call)
    page = _whole_transactions((row for row in rows if in_range(row.partition)), call.page_size)
    if not page:
        return Answer(304, headers={"etag": f'"{store.last_place()}"', "x-ms-item-count": "0"})
    headers = {"etag": f'"{page[-1].lsn}"', "x-ms-item-count": str(len(page))}
    return Answer(200, listing("Documents", [_with_lsn(row) for row in page], container.rid), headers)


def _whole_transactions(rows: Iterable[Stored], size: int) -> list[Stored]:
    """The first `size` rows, and what else the transaction of the last of them wrote."""
    page: list[Stored] = []
    for row in rows:
        if len(page) >= size and row.lsn != page[-1].lsn:
            break
        page.append(row)
    return page


def _with_lsn(row: Stored) -> bytes:
    return b'%s,"_lsn":%d}' % (row.body[:-1], row.lsn)


def _after(store: Store, call: Call) -> int:
    header = call.headers.get("if-none-match")
    if header is None:
        return 0
    if header == "*":
        return store.last_place()
    if (match := _CONTINUATION.fullmatch(header)) is None:
        raise CosmosError(400, "If-None-Match holds no continuation of this change feed")
    return int(match[1])


def _since(call: Call) -> float:
    header = call.headers.get("if-modified-since")
    if header is None:
        return 0.0
    try:
        return email.utils.parsedate_to_datetime(header).timestamp()
    except (ValueError, OverflowError):
        raise CosmosError(400, "If-Modified-Since holds no HTTP date") from None

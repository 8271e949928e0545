"""Effective partition keys: the hash that places a partition key value in a feed range.

The hash is the SDK's own (it sends ranges made with it); one physical partition holds all of them.
"""

import functools
import json
from collections.abc import Callable

from azure.cosmos import PartitionKey
from azure.cosmos.partition_key import NonePartitionKeyValue

from local.cosmos.protocol import Call, CosmosError

_HASH = PartitionKey("/any", version=2)


def range_filter(call: Call) -> Callable[[str], bool]:
    """Whether a partition (canonical JSON) is in the feed range the request names."""
    if call.headers.get("x-ms-documentdb-partitionkeyrangeid", "0") != "0":
        raise CosmosError(410, "there is no such partition key range", substatus=1002)
    first, end = call.headers.get("x-ms-start-epk", ""), call.headers.get("x-ms-end-epk", "FF")
    if (first, end) == ("", "FF"):
        return lambda _partition: True
    return lambda partition: first <= _effective_key(partition) < end


@functools.lru_cache(maxsize=100_000)
def _effective_key(partition: str) -> str:
    value = NonePartitionKeyValue if partition == "{}" else json.loads(partition)
    return str(_HASH._get_effective_partition_key_string([value]))

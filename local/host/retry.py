"""The retry policy of a function: which attempt follows a failed one, and after how long.

The real host adds jitter to the exponential delays; here they double exactly.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.host.errors import HostError


@dataclass(frozen=True)
class RetryPolicy:
    """`max_retries` -1 is for ever; delays in seconds, doubling from `first` up to `longest`."""

    max_retries: int = 0
    first: float = 0
    longest: float = 0

    def delay(self, retry: int) -> float:
        """Seconds between the failure of attempt `retry` (0 is the first) and the next attempt."""
        return min(self.first * 2.0 ** min(retry, 64), self.longest)

    def is_last(self, retry: int) -> bool:
        return 0 <= self.max_retries <= retry


def read_policy(raw: Mapping[str, Any] | None, *, where: str) -> RetryPolicy:
    """Read what `@retry` recorded; without a policy there is one attempt."""
    if raw is None:
        return RetryPolicy()

    def seconds(field: str) -> float:
        try:
            hours, minutes, rest = (int(part) for part in str(raw.get(field)).split(":"))
        except ValueError as error:
            raise HostError(f"{where}: retry {field} is not HH:MM:SS: {raw.get(field)}") from error
        return 3600 * hours + 60 * minutes + rest

    try:
        count = int(raw["max_retry_count"])
    except ValueError as error:
        raise HostError(
            f"{where}: retry max_retry_count is not a number: {raw['max_retry_count']}"
        ) from error
    match raw["strategy"]:
        case "fixed_delay":
            return RetryPolicy(count, seconds("delay_interval"), seconds("delay_interval"))
        case "exponential_backoff":
            return RetryPolicy(count, seconds("minimum_interval"), seconds("maximum_interval"))
        case strategy:
            raise HostError(f"{where}: retry strategy {strategy} is not known")


async def with_retries(
    policy: RetryPolicy, attempt: Callable[[int, Exception | None], Awaitable[Exception | None]]
) -> None:
    """Call `attempt(retry, previous error)` until it answers no error or the policy is used up."""
    retry, error = 0, await attempt(0, None)
    while error is not None and not policy.is_last(retry):
        await asyncio.sleep(policy.delay(retry))
        retry += 1
        error = await attempt(retry, error)

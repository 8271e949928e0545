"""Microsoft Graph's published quotas, kept from our side: a call that would be one too many waits for its
turn. Pure: the clock is given.

Source: Graph "Service-specific throttling limits" (Intune devices, other Intune families, identity,
Conditional Access) and memdocs "export-graph-apis". The numbers are for one app in one tenant; several
instances of the app share them without knowing of each other, so a tenth is left free, and a 429 is still
obeyed where it comes.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

SHARE = 0.9


class Quota(NamedTuple):
    """At most `limit` calls to paths that begin with one of `paths` in `window` seconds."""

    paths: tuple[str, ...]
    limit: int
    window: float
    only_writes: bool = False


QUOTAS = (
    Quota(("/deviceManagement/managedDevice", "/deviceManagement/detectedApp"), 2000, 20),
    Quota(("/deviceManagement/managedDevice",), 200, 20, only_writes=True),
    Quota(("/deviceManagement/reports/exportJobs",), 48, 60),
    Quota(
        ("/deviceManagement/deviceCompliance", "/deviceManagement/mobileThreat", "/deviceAppManagement/"),
        1000,
        20,
    ),
    Quota(("/devices", "/users/", "/groups/"), 3000, 150, only_writes=True),
    Quota(("/identity/conditionalAccess",), 1, 1),
)


class Pacer:
    """Counts calls against the quotas of one app."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._made: dict[Quota, deque[float]] = {quota: deque() for quota in QUOTAS}

    def wait(self, method: str, path: str) -> float:
        """Seconds until a call may be made; 0 where it may be made now, and then it is counted."""
        now = self._clock()
        quotas = [q for q in QUOTAS if path.startswith(q.paths) and (method != "GET" or not q.only_writes)]
        wait = max((self._until_free(quota, now) for quota in quotas), default=0.0)
        if wait <= 0:
            for quota in quotas:
                self._made[quota].append(now)
        return max(0.0, wait)

    def _until_free(self, quota: Quota, now: float) -> float:
        made, limit = self._made[quota], max(1, int(quota.limit * SHARE))
        while made and made[0] <= now - quota.window:
            made.popleft()
        return made[0] + quota.window - now if len(made) >= limit else 0.0

"""Graph's documented throttling limits, for one app in one tenant.

Source: Graph "Service-specific throttling limits" (Intune devices and device configuration, identity,
identity protection and Conditional Access) and Intune "Export reports using Graph" (export jobs: orders and
polls count). Windows slide and refusals are not counted; neither is documented.
Left out: Entra's resource units, so devices, users and groups are read without a limit; limits over all apps
or for one user, the global limit.
"""

import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from local.graph.problem import GraphProblem


class Quota(NamedTuple):
    """At most `limit` requests to paths with one of these beginnings in `window` seconds."""

    path: str | tuple[str, ...]
    only_writes: bool
    limit: int
    window: float
    says_when: bool = True


QUOTAS = (
    Quota("/deviceManagement/managedDevice", False, 2000, 20),
    Quota("/deviceManagement/managedDevice", True, 200, 20),
    Quota("/deviceManagement/deviceCompliancePolicies", False, 1000, 20),
    # Their own includes could not be found; every other Intune family has these two numbers.
    Quota("/deviceManagement/mobileThreatDefenseConnectors", False, 1000, 20),
    Quota("/deviceManagement/mobileThreatDefenseConnectors", True, 100, 20),
    Quota("/deviceManagement/reports/exportJobs", False, 48, 60),
    Quota("/deviceAppManagement", False, 1000, 20),
    Quota("/deviceAppManagement", True, 100, 20),
    Quota(("/devices", "/users", "/groups"), True, 3000, 150),
    Quota("/identity/conditionalAccess", False, 1, 1, says_when=False),
)


class Throttle:
    """Counts requests and refuses the one too many."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._used: dict[Quota, deque[float]] = {quota: deque() for quota in QUOTAS}

    def admit(self, method: str, path: str) -> None:
        """Count this request against its quotas, or refuse it with 429."""
        now = self._clock()
        quotas = [q for q in QUOTAS if path.startswith(q.path) and (method != "GET" or not q.only_writes)]
        for quota in quotas:
            used = self._used[quota]
            while used and used[0] <= now - quota.window:
                used.popleft()
            if len(used) >= quota.limit:
                seconds = max(1, math.ceil(used[0] + quota.window - now))
                retry_after = str(seconds) if quota.says_when else None
                raise GraphProblem(429, "TooManyRequests", "Too many requests.", retry_after=retry_after)
        for quota in quotas:
            self._used[quota].append(now)

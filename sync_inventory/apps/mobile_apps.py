"""The apps Intune manages: what the report of installed apps does not say of them, joined by name.

Intune's report has neither bundle ids nor whether an app is managed. An app in Intune has its bundle id, and
is managed on a device where it is assigned to be installed, or to be had from the Company Portal (inferred:
nobody says which copy of an app of that name a device has). Names differ: of many apps nothing is known.
"""

from collections import defaultdict

from shared.domain.inventory import AppRow
from shared.domain.model import Ownership
from shared.services import Services

IOS = "ios"
"""What names of the types for iOS hold, in lower case: iosStoreApp, iosVppApp, managedIOSLobApp, …"""
INSTALLING = frozenset({"required", "available"})
"""Intents by which an app comes onto a device as a managed one."""


class MobileApps:
    """Intune's apps for iOS by name, without regard to case."""

    def __init__(self) -> None:
        self._bundle_ids: dict[str, set[str]] = defaultdict(set)
        self._assigned: set[str] = set()

    @classmethod
    async def read(cls, services: Services) -> "MobileApps":
        """As Intune has them now."""
        apps = cls()
        async for app in services.graph.mobile_apps():
            name = _key(app.name)
            if IOS not in app.type.lower() or not name:
                continue
            if app.bundle_id:
                apps._bundle_ids[name].add(app.bundle_id)
            if any(assignment.intent in INSTALLING for assignment in app.assignments):
                apps._assigned.add(name)
        return apps

    def joined(self, row: AppRow, ownership: Ownership) -> AppRow:
        """`row` with its bundle id, where one app alone has the name, and with whether it is managed.

        On a personal device every app of the report is: Intune reads no others from it.
        """
        name = _key(row.name or "")
        bundle_ids = self._bundle_ids.get(name, ())
        return row._replace(
            app_id=next(iter(bundle_ids)) if len(bundle_ids) == 1 else None,
            managed=ownership is Ownership.PERSONAL or self._managed(name, ownership),
        )

    def _managed(self, name: str, ownership: Ownership) -> bool | None:
        if name in self._assigned:
            return True
        return False if ownership is Ownership.COMPANY else None


def _key(name: str) -> str:
    return name.strip().casefold()

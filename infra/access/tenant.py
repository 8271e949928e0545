"""Our two Conditional Access policies in a tenant: seen, created report-only, switched off. Nothing else.

Policies are known by the display names of the templates. What stands already is never changed by an import,
and no call here can turn a policy on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.graph_session import GraphError, GraphSession

POLICIES = "/identity/conditionalAccess/policies"
REPORT_ONLY = "enabledForReportingButNotEnforced"
OFF = "disabled"
STATES = {"enabled": "on", OFF: "off", REPORT_ONLY: "report-only"}
"""Graph's words for a policy's state, and the portal's."""

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class ImportedPolicy:
    """One of our policies, as it is to be and as it stands; `found` is None where it does not."""

    wanted: Policy
    found: Policy | None

    @property
    def name(self) -> str:
        """Its display name."""
        return str(self.wanted["displayName"])

    @property
    def state(self) -> str:
        """How it stands, in the portal's words."""
        return "missing" if self.found is None else iso_utc(self.found)

    @property
    def differences(self) -> list[str]:
        """Where what stands asks for something else; the state is not compared."""
        if self.found is None:
            return []
        return sorted(_differences({k: v for k, v in self.wanted.items() if k != "state"}, self.found))


def iso_utc(policy: Policy) -> str:
    """Its state as the portal calls it; as Graph does where the portal's word is not known."""
    return STATES.get(str(policy["state"]), str(policy["state"]))


def imported(session: GraphSession, wanted: Sequence[Policy]) -> list[ImportedPolicy]:
    """Each wanted policy beside the one of its name. GraphError where a name stands twice."""
    rows = list(session.every(POLICIES))
    found = []
    for policy in wanted:
        same = [row for row in rows if row["displayName"] == policy["displayName"]]
        if len(same) > 1:
            raise GraphError(f"{len(same)} policies are called {policy['displayName']!r}: remove all but one")
        found.append(ImportedPolicy(policy, same[0] if same else None))
    return found


def create_missing(session: GraphSession, policies: Sequence[ImportedPolicy]) -> list[str]:
    """Create what is missing, report-only; the names of what was created."""
    created = []
    for each in policies:
        if each.found is None:
            session.post(POLICIES, {**each.wanted, "state": REPORT_ONLY})
            created.append(each.name)
    return created


def switch_off(session: GraphSession, policies: Sequence[ImportedPolicy]) -> list[str]:
    """Switch every one of ours off that is not; the names of those."""
    switched = []
    for each in policies:
        if each.found is not None and each.found["state"] != OFF:
            session.patch(f"{POLICIES}/{each.found['id']}", {"state": OFF})
            switched.append(each.name)
    return switched


def check_break_glass(session: GraphSession, group: str) -> None:
    """GraphError unless the group is there and somebody is in it: it keeps a mistake from locking you out."""
    try:
        members = f"/groups/{group}/transitiveMembers/microsoft.graph.user"
        page = session.get(f"{members}?$count=true&$select=id&$top=1", eventual=True)
    except GraphError as error:
        if error.status == 404:
            raise GraphError(f"there is no break-glass group {group}: create one first") from error
        raise
    if not page.get("value"):
        raise GraphError(f"nobody is in the break-glass group {group}: add your emergency accounts first")


def _differences(wanted: Policy, found: Policy, path: str = "") -> list[str]:
    """Paths at which `found` says something else than `wanted`; what only `found` says is left alone."""
    paths = []
    for name, value in wanted.items():
        here, other = f"{path}{name}", found.get(name)
        if isinstance(value, Mapping):
            paths += _differences(value, other if isinstance(other, Mapping) else {}, f"{here}.")
        elif isinstance(value, list):
            given = other if isinstance(other, list) else []
            paths += [here] if sorted(map(str, value)) != sorted(map(str, given)) else []
        elif value != other:
            paths.append(here)
    return paths

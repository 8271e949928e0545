"""Our Conditional Access policies in a tenant: seen, created report-only, switched off. Nothing else.

Policies are known by the display names of the templates; for the roll-back also by a filter for devices that
looks for our tag, because a policy may have been renamed. What stands already is never changed by an import,
and no call here can turn a policy on.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.graph_session import GraphError, GraphSession
from shared.domain.tag import BLOCK_PREFIX

POLICIES = "/identity/conditionalAccess/policies"
REPORT_ONLY = "enabledForReportingButNotEnforced"
OFF = "disabled"
STATES = {"enabled": "on", OFF: "off", REPORT_ONLY: "report-only"}
"""Graph's words for a policy's state, and the portal's."""
FLAGS = frozenset({"transferMethods"})
"""Fields that hold several words, joined by commas in any order (CSDL: an enumeration of flags)."""
ATTEMPTS = 3
UNCERTAIN = frozenset({0, 500, 502, 503, 504})
"""Answers after which nobody knows whether a policy was created; 0: none."""

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
        return "missing" if self.found is None else in_words(str(self.found["state"]))

    @property
    def differences(self) -> list[str]:
        """Where what stands asks for something else; the state is not compared."""
        if self.found is None:
            return []
        return sorted(_differences({k: v for k, v in self.wanted.items() if k != "state"}, self.found))


@dataclass(frozen=True)
class SwitchedOff:
    """What came of switching a policy off: as it was found, and how it stands now (None: not known)."""

    policy: Policy
    state: str | None
    error: str | None = None

    @property
    def done(self) -> bool:
        """Whether it is off."""
        return self.state == OFF

    @property
    def in_words(self) -> str:
        """What an administrator has to know of it."""
        if self.done:
            return "off" if self.policy["state"] == OFF else "switched off"
        stands = "state not known" if self.state is None else f"STILL {in_words(self.state).upper()}"
        return f"{stands}: {self.error}"


def in_words(state: str) -> str:
    """A state as the portal calls it; as Graph does where the portal's word is not known."""
    return STATES.get(state, state)


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


def create_missing(session: GraphSession, policies: Sequence[ImportedPolicy]) -> Iterator[str]:
    """Create what is missing, report-only; the names of what was created, each as soon as it stands.

    Where Graph does not say whether it created one, what stands is read before it is tried again: a second of
    the same name would be one nobody can roll back by name.
    """
    for each in policies:
        if each.found is None:
            _create(session, each.wanted)
            yield each.name


def _create(session: GraphSession, wanted: Policy) -> None:
    for left in reversed(range(ATTEMPTS)):
        try:
            session.post(POLICIES, {**wanted, "state": REPORT_ONLY})
        except GraphError as error:
            if error.status not in UNCERTAIN or not left:
                raise
            if named(session, [str(wanted["displayName"])]):
                return
        else:
            return


def named(session: GraphSession, names: Collection[str]) -> list[Policy]:
    """Every policy that bears one of these names, in their order; twice, where one stands twice."""
    rows = [row for row in session.every(POLICIES) if row["displayName"] in names]
    return sorted(rows, key=lambda row: list(names).index(row["displayName"]))


def ours(session: GraphSession, names: Collection[str]) -> list[Policy]:
    """Every policy that bears one of these names, in their order, then those of other names that refuse by
    the tag."""
    rows = list(session.every(POLICIES))
    by_name = [row for name in names for row in rows if row["displayName"] == name]
    return by_name + [row for row in rows if row["displayName"] not in names and _by_tag(row)]


def _by_tag(policy: Policy) -> bool:
    """Whether a policy looks for a value of ours in a device; Graph sends null for what it does not."""
    devices = (policy.get("conditions") or {}).get("devices") or {}
    return BLOCK_PREFIX in str((devices.get("deviceFilter") or {}).get("rule") or "").lower()


def switch_off(session: GraphSession, policy: Policy) -> SwitchedOff:
    """Switch a policy off where it is not, and how it stands then, also where Graph refused."""
    if policy["state"] == OFF:
        return SwitchedOff(policy, OFF)
    try:
        session.patch(f"{POLICIES}/{policy['id']}", {"state": OFF})
    except GraphError as error:
        return SwitchedOff(policy, _state_now(session, policy), str(error))
    return SwitchedOff(policy, OFF)


def _state_now(session: GraphSession, policy: Policy) -> str | None:
    try:
        return str(session.get(f"{POLICIES}/{policy['id']}")["state"])
    except GraphError:
        return None


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
        elif name in FLAGS:
            paths += [here] if set(str(value).split(",")) != set(str(other).split(",")) else []
        elif value != other:
            paths.append(here)
    return paths

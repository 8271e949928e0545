"""What stands of it in a tenant: looked at, created where it is missing, taken back; never assigned.

All of it is known by the display names of the templates. What stands already is never changed by a creation.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import quote

from infra.consequences.templates import Body, Wanted, with_message
from infra.graph_session import GraphError, GraphSession
from shared.domain.rule import CONSEQUENCE

GROUPS = "/groups"
GROUP_FIELDS = "id,displayName,groupTypes,membershipRule,membershipRuleProcessingState"
MESSAGES = "/deviceManagement/notificationMessageTemplates"
POLICIES = "/deviceManagement/deviceCompliancePolicies"
MARK = CONSEQUENCE
"""In a policy's description: the app never reads it as a rule."""
EVERYBODY = frozenset({"allLicensedUsersAssignmentTarget", "allDevicesAssignmentTarget"})
NO_LEVEL = frozenset({None, "unavailable", "notSet"})


class Sessions:
    """Graph's v1.0, and beta for the policies: v1.0 has none for corporate Android."""

    def __init__(self, v1: GraphSession, beta: GraphSession) -> None:
        self.v1 = v1
        self.beta = beta


@dataclass(frozen=True)
class Existing:
    """What was found; None, or not there, where it does not exist."""

    wanted: Wanted
    group: Body | None
    message: Body | None
    policies: dict[str, Body]
    """By display name, with their assignments."""


def existing(sessions: Sessions, wanted: Wanted) -> Existing:
    """What exists under the wanted names. GraphError where a name is there twice."""
    group, message = str(wanted.group["displayName"]), str(wanted.message["displayName"])
    names = [str(policy["displayName"]) for policy in wanted.policies]
    by_name = quote(f"displayName eq '{group}'")
    groups = sessions.v1.every(f"{GROUPS}?$filter={by_name}&$select={GROUP_FIELDS}")
    return Existing(
        wanted=wanted,
        group=_by_name(groups, [group]).get(group),
        message=_by_name(sessions.v1.every(MESSAGES), [message]).get(message),
        policies=_by_name(_policies(sessions), names),
    )


def to_unassign(sessions: Sessions, wanted: Wanted) -> list[Body]:
    """Every policy that bears a wanted name, or another one and our mark; twice where one stands twice. A
    roll-back hangs on nothing else."""
    names = {str(policy["displayName"]) for policy in wanted.policies}
    return [row for row in _policies(sessions) if row.get("displayName") in names or _is_marked(row)]


def _is_marked(policy: Body) -> bool:
    return MARK in str(policy.get("description") or "")


def _policies(sessions: Sessions) -> Iterator[Body]:
    return sessions.beta.every(f"{POLICIES}?$expand=assignments")


def _by_name(rows: Iterator[Body], names: Collection[str]) -> dict[str, Body]:
    found: dict[str, Body] = {}
    for row in rows:
        name = str(row.get("displayName"))
        if name in found:
            raise GraphError(f"two are called {name!r}: remove one")
        if name in names:
            found[name] = row
    return found


def create_missing(sessions: Sessions, found: Existing) -> Iterator[str]:
    """Create what is missing, assigned to nobody; the name of each as soon as it stands."""
    if found.group is None:
        sessions.v1.post(GROUPS, found.wanted.group)
        yield str(found.wanted.group["displayName"])
    message = found.message
    if message is None:
        message = sessions.v1.post(MESSAGES, found.wanted.message)
        yield str(found.wanted.message["displayName"])
    there = {str(each.get("locale", "")).lower() for each in _texts(sessions, message)}
    for text in found.wanted.messages:
        if text["locale"] not in there:
            sessions.v1.post(f"{MESSAGES}/{message['id']}/localizedNotificationMessages", text)
            yield f"{message['displayName']}, {text['locale']}"
    for policy in found.wanted.policies:
        if policy["displayName"] not in found.policies:
            sessions.beta.post(POLICIES, with_message(policy, str(message["id"])))
            yield str(policy["displayName"])


def _texts(sessions: Sessions, message: Body) -> list[Body]:
    answer = sessions.v1.get(f"{MESSAGES}/{message['id']}?$expand=localizedNotificationMessages")
    return list(answer.get("localizedNotificationMessages") or [])


def unassign(sessions: Sessions, policy: Body) -> None:
    """Take back every assignment of a policy."""
    sessions.beta.post(f"{POLICIES}/{policy['id']}/assign", {"assignments": []})


def missing(found: Existing) -> list[str]:
    """Names of what does not stand."""
    wanted = found.wanted
    names = [
        str(each["displayName"]) for each in wanted.policies if each["displayName"] not in found.policies
    ]
    group = [str(wanted.group["displayName"])] if found.group is None else []
    return group + ([str(wanted.message["displayName"])] if found.message is None else []) + names


def faults(found: Existing) -> list[str]:
    """What stands otherwise than it should, a sentence each. Pure."""
    sentences = [] if found.group is None else _group_faults(found.wanted.group, found.group)
    group = str(found.group["id"]).lower() if found.group else ""
    for policy in found.policies.values():
        sentences += [f"{policy['displayName']}: {fault}" for fault in _policy_faults(policy, group)]
    return sentences


def _group_faults(wanted: Body, group: Body) -> list[str]:
    return [f"{group['displayName']}: {fault}" for fault in group_faults(group, wanted["membershipRule"])]


def group_faults(group: Body, rule: str) -> list[str]:
    """What is wrong with the group, which is to have this rule. Pure."""
    found = []
    if "DynamicMembership" not in (group.get("groupTypes") or []):
        found.append("it is no dynamic group: nobody enters or leaves it by the tag")
    elif _plain(group.get("membershipRule")) != _plain(rule):
        found.append(f"its rule is {group.get('membershipRule')}, not {rule}")
    elif group.get("membershipRuleProcessingState") != "On":
        found.append("its processing is paused: nobody enters or leaves it")
    return found


def _plain(rule: object) -> str:
    """A rule without what makes no difference: blanks, case, the parentheses of a single expression."""
    return "".join(str(rule or "").lower().split()).removeprefix("(").removesuffix(")")


def _policy_faults(policy: Body, group: str) -> Iterator[str]:
    if not _is_marked(policy):
        yield f"{MARK} is gone from its description, by which the app knows that it is no rule"
    if policy.get("deviceThreatProtectionEnabled") and (
        policy.get("deviceThreatProtectionRequiredSecurityLevel") not in NO_LEVEL
    ):
        yield "it asks for a threat level: it is to ask for none"
    for kind, target in targets(policy):
        if kind in EVERYBODY:
            yield "it is assigned to everybody, and no phone meets it: take that assignment back"
        elif kind == "groupAssignmentTarget" and target != group:
            yield f"it is assigned to the group {target}, which is not that of tagged devices"


def targets(policy: Body) -> list[tuple[str, str]]:
    """Whom a policy is assigned to: the kind of target, and the id of its group, if it is one."""
    rows = [each.get("target") or {} for each in policy.get("assignments") or []]
    return [
        (str(each.get("@odata.type", "")).rpartition(".")[2], str(each.get("groupId") or "").lower())
        for each in rows
    ]

"""Step (m): an admin narrows a compliance policy by an assignment filter, and takes the filter out again."""

from typing import Any

from local import sample_tenant as tenant
from local.partners import zimperium
from local.scenario.stage import Stage

CORPORATE = {
    "id": "f11e0000-0000-4000-8000-000000000001",
    "displayName": "corporate phones",
    "platform": "androidForWork",
    "rule": '(device.deviceOwnership -eq "Corporate")',
    "assignmentFilterManagementType": "devices",
}


async def filtered_out_and_back(stage: Stage) -> str:
    hands = stage.hands
    corporate, personal = stage.phone("filtered in", "Android"), stage.phone("filtered out", "Android")
    await hands.enroll(corporate)
    await hands.enroll(personal, managedDeviceOwnerType="personal")
    await hands.admin("assignment-filters", CORPORATE)
    await hands.admin("compliance-policies", _policies(CORPORATE["id"]))
    await hands.sync()
    await hands.until("the sync brings both", hands.known, personal)
    for phone in (corporate, personal):
        await stage.post("zimperium", zimperium.detection(phone, "filtered", stage.at()))
    await hands.until("the corporate phone is blocked", hands.blocked, corporate)
    await hands.until("the threat on the personal one counts", hands.risk, personal, "high")
    await hands.expect(corporate, granted=False)
    await hands.expect(personal, granted=True)
    why = await hands.reason(personal)
    await hands.admin("compliance-policies", _policies(None))
    await hands.sync()
    await hands.until("without the filter it is blocked", hands.blocked, personal)
    await hands.expect(personal, granted=False)
    return (
        "a filter of the policy's assignment, corporate phones only: the corporate phone refused, the "
        f"personal one granted ({why}); without the filter it is refused, too"
    )


def _policies(filter_id: str | None) -> list[dict[str, Any]]:
    """The sample's policies, the one for Android phones narrowed by a filter."""
    policies = tenant.compliance_policies()
    for policy in policies:
        if filter_id and "android" in policy["@odata.type"]:
            for assignment in policy["assignments"]:
                assignment["target"] |= {
                    "deviceAndAppManagementAssignmentFilterId": filter_id,
                    "deviceAndAppManagementAssignmentFilterType": "include",
                }
    return policies

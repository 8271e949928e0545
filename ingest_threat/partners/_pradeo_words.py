"""Pradeo's words, and ours for them; and which of its fields are personal. Pure."""

import re
from collections.abc import Mapping

from shared.domain.level import Level
from shared.domain.record import Category, Status

SEVERITY = {"GREEN": Level.SECURED, "ORANGE": Level.MEDIUM, "RED": Level.HIGH}
DEVICE_LEVEL = {
    # Of a row of the REST interface, which knows no colours.
    "LOW": Level.LOW,
    "MEDIUM": Level.MEDIUM,
    "HIGH": Level.HIGH,
}
LEVEL_FIELDS = {
    "applicationThreatLevel": Category.APP,
    "systemThreatLevel": Category.DEVICE,
    "networkThreatLevel": Category.NETWORK,
}
TYPE: Mapping[str, str] = {
    "SystemNotUpToDate": "vulnerable_os",
    "ApplicationInstalledFromUnknownSource": "unknown_sources",
    "SELinuxPermissive": "system_tampering",
    "CustomHosts": "system_tampering",
    "DebugMode": "usb_debugging",
    "DeviceNotEncrypted": "encryption_off",
    "DeveloperMode": "developer_mode",
    "Root": "jailbreak_root",
    "ARPPoisoning": "mitm_arp",
    "ManInTheMiddle": "mitm",
    "RogueCellTower": "rogue_cell_tower",
    "RogueAccessPoint": "rogue_wifi",
    "ConnectionToUntrustedHotspots": "rogue_wifi",
    "Bluetooth": "bluetooth_on",
    "NFC": "nfc_on",
    "GPS": "location_on",
    "VPN": "vpn",
    # What an app does, in the words of the older product.
    "match_sms": "sms_malware",
    "match_rootkit": "root_enabler",
    "match_rootkit_warning": "root_enabler",
}
LEAK = re.compile(r"CAT_\w+_SEND")
"""What an app sends away, named for what it is: `cat_user_contact_info_send`."""
FAMILY = {"System": Category.DEVICE, "Network": Category.NETWORK}
"""The two kinds of status; the keys of the feed are named for them."""
STATUS = {"APPROVED": Status.RESOLVED, "DISAPPROVED": Status.OPEN}
WORDS = {"active": ("1", "true"), "inactive": ("0", "false"), "ended": ("END",)}
IGNORED = {
    "DevicePermissionStatusUpdated": "a permission of the agent",
    "DeviceInstalledApplicationsListUpdated": "a list of apps, by ids alone",
    "DeviceApplicationResponseRuleCreated": "a rule",
    "MessageCreated": "a message to a user",
    "ApplicationCreated": "an app became known, on no device",
    "DetectionPolicyUpdated": "a policy",
    "DetectionPolicyDecision": "an app judged by a policy, on no device",
    "TokenGenerated": "a token",
    "emmApplication": "an app of the MDM's catalogue",
    "job": "a job of the integration with an MDM",
}
"""Types, and the keys that set a bare event apart, of what is no threat of a device."""
NOT_OURS = re.compile(
    r"(Token|Rule|Ruleset|Policy|Assignment|User|Administrator|Company|Group|Licen[cs]e|Integration|Message"
    r"|Configuration|Report|Notification|Job)(Created|Updated|Deleted|Removed|Generated|Revoked|Sent|Decision"
    r"|Started|Ended|Failed|Completed)$"
)
"""Types that are by their name about the console, and not about a device: one of each kind was seen."""
REDACT = frozenset(
    {
        *("singleEnrollmentKey", "imei", "imsi", "lockPassword", "email", "user", "first_name", "last_name"),
        *("device.name", "phoneNumber", "ipAddress", "customFields"),
        *("network", "networkName", "accessPoint"),
    }
)

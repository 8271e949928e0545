"""Invented rows of BETTER's logs, as the wire has them and as a table of Log Analytics does."""

from ingest_threat.body import JsonObject
from tests.ingest_threat.partners.odd import Odd
from tests.ingest_threat.partners.reading import loaded

AGENT = "0a1b2c3d-0000-4000-8000-00000000beef"


def incident(**fields: object) -> JsonObject:
    return loaded(
        {
            "ThreatId": 41,
            "ThreatType": "Captive Portal",
            "ThreatTitle": "Captive portal detected",
            "ThreatSeverity": "medium",
            "ThreatCategory": "NETWORK",
            "CompanyId": 7,
            "DeviceOS": "15",
            "DeviceId": AGENT,
            "DevicePlatform": "Android",
            "UserEmail": "anna@example.org",
            "Status": "Active",
            "EventTimeStamp": "2026-02-01T08:00:00Z",
            "LogTimeStamp": "2026-02-01T08:05:00.500Z",
            **fields,
        }
    )


def device(**fields: object) -> JsonObject:
    return loaded(
        {
            "DeviceId": 1234,
            "DeviceUDID": AGENT,
            "DeviceOS": "18.3",
            "CompanyId": 7,
            "DevicePlatform": "Apple",
            "LastReported": "2026-02-01T09:00:00.250Z",
            "UserEmail": "anna@example.org",
            "IsDeleted": 0,
            "ThreatLevel": "Medium",
            "ThreatScore": 50,
            **fields,
        }
    )


def app(**fields: object) -> JsonObject:
    return loaded(
        {
            "DeviceUDID": AGENT,
            "BundleId": "com.example.torch",
            "Version": 4.5,
            "AppStatus": "installed",
            **fields,
        }
    )


def netflow(**fields: object) -> JsonObject:
    return loaded(
        {"UDID": AGENT, "Host": "bad.example", "UrlStatus": "unknown", "Status": "blocked", **fields}
    )


def in_table(row: JsonObject, extra: str = "") -> JsonObject:
    """`row` as it is stored: a suffix for its type on each name, and numbers as doubles."""
    suffixes = {"DeviceUDID": "_g", "LastReported": "_t", "EventTimeStamp": "_t", "LogTimeStamp": "_t"}
    table: JsonObject = {"TenantId": "t-1", "RawData": "", "Type": "BetterMTD_CL"}
    for name, value in row.items():
        number = isinstance(value, int) and not isinstance(value, bool)
        suffix = suffixes.get(name, "_d" if number else "_s")
        table[name + suffix + extra] = float(value) if number and isinstance(value, int) else value
    return table


MESSAGES = [
    incident(),
    incident(Status="Resolved", ThreatType="Jailbreak"),
    in_table(incident(Status="Closed")),
    device(),
    device(ThreatLevel="Low"),
    in_table(device(ThreatLevel="High")),
]

ODD = Odd(
    times=("EventTimeStamp", "LogTimeStamp"),
    contacts=("LastReported",),
    described=("DeviceOS", "DevicePlatform", "ThreatTitle", "ThreatScore", "UserEmail"),
    words=("ThreatSeverity", "ThreatLevel", "Status", "ThreatCategory", "IsDeleted"),
    beside=(netflow(),),
    extra=(device(IsDeleted=1),),
)

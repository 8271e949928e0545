"""Zimperium (MTD, zIPS; zConsole): what its console pushes, and what its search interfaces answer.

Transport: the app polls threats and devices (pages, `content`), or zConsole's Data Export pushes: JSON arrays
to Azure Monitor's ingestion endpoint (bearer token of Entra), or one object an event to an address of the
customer's ("REST Endpoint"). The console filters by severity before it sends. Documented or seen in public
records: push of threats, mitigations and incidents, the REST export, the search page with open and mitigated
rows, rows of the device list, legacy zIPS events; the names and numbers of threats up to 94 and the four
grades stand in the vendor's SDK. Inferred: that NORMAL is the number 0, the time of a threat an incident
shows as fixed, that an ended search item with mitigation events is resolved, and what a row of the device
list says: only of one that is active, was seen and has neither critical nor risky threats is NORMAL an all-
clear. Our choice: simulated threats and those of the vendor's tests do not raise risk.
"""

from ingest_threat.partners import _taxonomy as taxonomy
from ingest_threat.partners._adapter import Adapter, Foreign, Item
from ingest_threat.partners._zimperium_device import device_record
from ingest_threat.partners._zimperium_endpoint import exported, is_exported, legacy
from ingest_threat.partners._zimperium_facts import device_id, record
from ingest_threat.partners._zimperium_push import incident_records, pushed
from ingest_threat.partners._zimperium_search import searched
from ingest_threat.partners._zimperium_threats import SEVERITY
from shared.domain.record import Record

REDACT = frozenset(
    {
        *("device_owner", "device_owner_id", "device_owner_email", "device_owner_first_name"),
        *("device_owner_middle_name", "device_owner_last_name", "activation_name", "customer_contact_name"),
        *("first_name", "middle_name", "last_name", "employee_name", "user_info", "imei"),
        *("location", "location_detail", "location_info", "geo_point", "gps_latitude", "gps_longitude"),
        *("city", "country", "countries", "operator", "device_operator", "location_city", "location_country"),
        # Tags of the admin's own choice, mostly of a person or a place.
        *("tag1", "tag2"),
        # The networks the phone was in, and the addresses in them.
        *("ssid", "bssid", "network", "network_bssid", "external_network", "network_threat", "basestation"),
        *("base_station", "near_by_networks", "arp_tables", "arp_tables_info", "routing_table", "net_stat"),
        *("network_info", "network_statistics", "subnet_mask", "network_subnet"),
        *("device_ip", "my_ip", "external_ip"),
        *("gateway_ip", "gateway_mac", "device_mac", "ip_of_detected_url"),
        *("attacker_ip", "attacker_mac", "attacker_ssid", "attacker_bssid"),
        # Pairs of a name and a value, of anything: in these the name of a network stands under `val`.
        *("forensics.general", "additional_public_forensics"),
        *("sideloaded_app_developer", "side_loaded_app_info.developer"),
    }
)
DEVICE = frozenset({"riskPosture", "riskPostureName", "threatState", "appStatus"})
"""Fields that set a row of the device list apart: one of them beside `zdeviceId`."""


def read(item: Item) -> list[Record]:
    """The records of one item: one, or one for each threat of an incident."""
    content = item.content
    if "threat_uuid" in content:
        return [record(item, pushed(content), item.raw)]
    if is_exported(content):
        return [record(item, exported(content), item.raw)]
    if "incident_id" in content:
        return incident_records(item)
    if "zdeviceId" in content and content.keys() & DEVICE:
        return [device_record(item)]
    if "threatTypeName" in content or "threatTypeId" in content:
        return [record(item, searched(content), item.raw)]
    if "eventId" in content and "eventFullName" in content:
        return [record(item, legacy(content), item.raw)]
    raise Foreign


ADAPTER = Adapter(
    read,
    envelopes=("content",),
    redact=REDACT,
    needed=frozenset({"threat.display_name"}),
    severity_words=frozenset({*SEVERITY, *taxonomy.HARMLESS}),
    device_id=device_id,
    says_clean=False,
    lists_clean=("url", "client_id", "secret"),
)

"""Zimperium's tables, which its console's Data Export fills through the connector for Microsoft Sentinel.

Seen in public records: the tables, columns as on the wire, and `device_time` empty in every row (epoch
milliseconds on the wire, a datetime in the table), with a detection that arrived some milliseconds after its
own mitigation. So an empty time is that of arrival, to the minute: of a mitigation the end of it, of all else
its beginning; a mitigation then never counts as earlier than the detection it belongs to.
"""

from poll_partners.sources._tables import Row, filled, source

TIMES = ("device_time", "incident_created_date")
TABLES = (
    *("ZimperiumThreatLogV2_CL", "ZimperiumThreatLog_CL", "ZimperiumIncidentLog_CL"),
    *("ZimperiumMitigationLogV2_CL", "ZimperiumMitigationLog_CL", "ZimperiumIncidentMitigationLog_CL"),
)
"""Detections before mitigations; those without V2 are of older connectors."""


def timed(table: str, row: Row) -> Row:
    """A row with the times its table lost."""
    for name in TIMES:
        if name in row:
            row = filled(row, name, late="Mitigation" in table)
    return row


SOURCE = source("zimperium", *TABLES, prepare=timed)

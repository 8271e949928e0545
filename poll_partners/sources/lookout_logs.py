"""Lookout's table, which its connector for Microsoft Sentinel fills from the same events.

Seen in public records: `LookoutMtdV2_CL`, events with their objects in dynamic columns and their kind in
`event_type`. Versions of the connector before 3.0.6 left ids empty: such a row is a dead letter. Another way
to what the app can poll by itself: it is read only where a workspace is set.
"""

from poll_partners.sources._tables import source

SOURCE = source("lookout", "LookoutMtdV2_CL")

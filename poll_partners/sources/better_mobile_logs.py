"""BETTER's tables, which its console fills by the HTTP Data Collector API.

Documented by Microsoft: support of that interface ended on 14 September 2026, and it goes on for senders with
TLS 1.2. So it may end any day without an error: that BETTER is silent is what shows it. Seen in public
records: the tables, and names with `_s _d _g _t _b`, which the adapter knows. The netflow log reports nothing
that counts, and is not read.
"""

from poll_partners.sources._tables import source

SOURCE = source("better_mobile", "BetterMTDIncidentLog_CL", "BetterMTDDeviceLog_CL", "BetterMTDAppLog_CL")

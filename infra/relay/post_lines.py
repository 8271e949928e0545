"""What syslog-ng calls for each line (syslog-ng.conf): posts it to the connector, the secret in a header.

A line that the connector refused and will refuse again is kept as `post_signed.py`, which lies beside this
file, keeps it; any other that was not stored waits in syslog-ng's queue, and is sent again. Needs Python 3.9
or newer.
"""

import pathlib
from collections.abc import Mapping

from post_signed import AGAIN, ending, post  # type: ignore[import-not-found]


class Lines:
    """A destination of syslog-ng's, which sets what `send` returns: what happens to the line."""

    SUCCESS: int
    NOT_CONNECTED: int

    def init(self, options: Mapping[str, str]) -> bool:
        """Take what stands in syslog-ng.conf."""
        self.address = options["address"]
        self.headers = {
            "content-type": "text/plain; charset=utf-8",
            "x-mtd-secret": options["secret"],
        }
        self.folder = pathlib.Path(options["refused"])
        return True

    def is_opened(self) -> bool:
        """There is no connection that stays: each line has its own."""
        return True

    def open(self) -> bool:
        """See `is_opened`."""
        return True

    def close(self) -> None:
        """See `is_opened`."""

    def deinit(self) -> None:
        """Nothing is held."""

    def send(self, message: Mapping[str, bytes]) -> int:
        """Done with the line once it is stored, or refused and kept; else it waits and comes again."""
        body = message["MSG"]
        status, _ = post(self.address, self.headers, body)
        done = ending(self.address, status, body, self.folder) != AGAIN
        return self.SUCCESS if done else self.NOT_CONNECTED

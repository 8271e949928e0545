"""One run of the sync in a process of its own, with the settings of its environment.

    python -m benchmarks.syncing

Prints, as JSON, the run's record, the most memory the process ever had, and its seconds of CPU.
"""

import asyncio
import json
import os
import sys
import time

from benchmarks.peak import peak_bytes
from shared.domain.runs import Run
from shared.services import Services
from shared.settings import read
from sync_inventory.run import sync


def main() -> None:
    run = asyncio.run(_run())
    spent = time.process_time()
    print(json.dumps({"run": run.model_dump(mode="json"), "peak_bytes": peak_bytes(), "cpu": spent}))


async def _run() -> Run:
    services = Services.of(read(os.environ))
    try:
        run = await sync(services)
    finally:
        await services.close()
    if run is None:
        sys.exit("another run holds the lease")
    return run


if __name__ == "__main__":
    main()

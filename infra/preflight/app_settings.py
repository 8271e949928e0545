"""Would the app start with the settings in the environment? Asked by the preflight, before they are deployed.

    python -m infra.preflight.app_settings    # 0, or 3 and a line that names the setting

It is the app's own check, the one it makes when the host loads it: where that fails, nobody is served.
"""

import os
import sys

from ingest_threat.start import check
from poll_partners.start import check as check_polling
from shared.errors import SettingsError
from shared.rules_file import load
from shared.settings import read

REFUSED = 3


def main() -> int:
    """0 where it would start."""
    try:
        settings = read(os.environ)
        check(settings)
        check_polling(settings)
        load(settings.rules_file)
    except SettingsError as error:
        sys.stdout.write(f"{error}\n")
        return REFUSED
    return 0


if __name__ == "__main__":
    sys.exit(main())

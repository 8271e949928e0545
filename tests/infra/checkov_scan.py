"""Run by checkov's own Python: scan each Bicep file alone, and print what was found as a line of JSON.

Alone, because checkov mixes up parameters of one name in different files, now this way and now that.
"""

import json
import sys

import checkov.arm.runner  # noqa: F401 - most checks of Bicep are ARM's, and register themselves here
from checkov.bicep.runner import Runner
from checkov.runner_filter import RunnerFilter


def main(files: list[str]) -> None:
    found: dict[str, list[object]] = {"failed": [], "skipped": [], "unread": []}
    passed = 0
    for file in files:
        report = Runner().run(root_folder=None, files=[file], runner_filter=RunnerFilter(framework=["bicep"]))
        passed += len(report.passed_checks)
        found["failed"] += [f"{each.check_id} {each.resource}" for each in report.failed_checks]
        found["skipped"] += [
            [each.check_id, each.check_result["suppress_comment"]] for each in report.skipped_checks
        ]
        found["unread"] += report.parsing_errors
    sys.stdout.write(json.dumps({**found, "passed": passed}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

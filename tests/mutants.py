"""What became of the mutants, by group; ends with 1 where fewer are killed than the project asks for.

    mutmut results --all true | python -m tests.mutants

One that makes the tests run for ever is killed too: it is noticed.
"""

import sys
from collections import Counter
from collections.abc import Iterable

GROUPS = "shared.domain", "evaluate_risk", "ingest_threat.partners", "ingest_threat", "poll_partners"
"""By the beginning of a module's name; the first that fits."""
KILLED = {"killed", "timeout"}
WANTED = 0.90


def counted(lines: Iterable[str]) -> dict[str, Counter[bool]]:
    """By group, how many were killed and how many were not."""
    found: dict[str, Counter[bool]] = {group: Counter() for group in GROUPS}
    for line in lines:
        name, _, state = line.strip().rpartition(": ")
        if state and state != "not checked":
            group = next(group for group in GROUPS if name.startswith(f"{group}."))
            found[group][state in KILLED] += 1
    return found


def main() -> int:
    """Print the table; 0 where enough are killed."""
    found = counted(sys.stdin)
    whole = sum(found.values(), Counter[bool]())
    for group, counts in {**found, "all": whole}.items():
        if total := counts.total():
            killed = counts[True]
            sys.stdout.write(f"{group:24}{killed:6,} of {total:6,} killed  {killed / total:6.1%}\n")
    return 0 if whole[True] >= WANTED * whole.total() else 1


if __name__ == "__main__":
    sys.exit(main())

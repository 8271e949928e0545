"""Reports without a store, in a process of its own: verified, read, redacted, made documents, and evaluated.

    python -m benchmarks.reporting COUNT

Prints, as JSON, the seconds of CPU it took, the most memory the process ever had, and how many functions are
called for one report more, once so many have gone through.
"""

import json
import sys
from collections.abc import Iterable
from functools import partial
from itertools import islice

from benchmarks.calls import calls_of
from benchmarks.evaluating import evaluated
from benchmarks.one_report import Signed, documents, messages
from benchmarks.peak import peak_bytes
from benchmarks.ratio import cpu_of
from shared.domain.model import Agent, Report

AGENTS = 200
AT_A_TIME = 1_000
"""A batch: so many reports, of all agents alike."""


class Instance:
    """What evaluates, and has its agents before it."""

    def __init__(self) -> None:
        self.agents: dict[str, Agent] = {}

    def take(self, some: Iterable[Signed]) -> None:
        """Take messages in, and evaluate what they report."""
        by_agent: dict[str, list[Report]] = {}
        for message in some:
            for document in documents(message):
                report = Report.model_validate(document)
                by_agent.setdefault(report.agent, []).append(report)
        for id_, reports in by_agent.items():
            self.agents[id_] = evaluated(self.agents.get(id_), reports)


def main() -> None:
    count, instance, cpu = int(sys.argv[1]), Instance(), 0.0
    coming = messages(range(count + 1 + AT_A_TIME), AGENTS)
    instance.take([next(coming)])  # builds the models
    while some := list(islice(coming, min(AT_A_TIME, count))):
        count -= len(some)
        cpu += cpu_of(partial(instance.take, some))
    peak, more = peak_bytes(), list(coming)
    calls = calls_of(partial(instance.take, more)) / len(more)
    print(json.dumps({"cpu": cpu, "peak_bytes": peak, "calls": round(calls)}))


if __name__ == "__main__":
    main()

"""The pages whose commands, files and routes are looked at: all but the partners' own, which name those of
vendors."""

from tests.infra.code import ROOT

PAGES = (
    *("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "infra/README.md"),
    *("docs/README.md", "docs/deploy.md", "docs/runbook.md", "docs/help-desk.md", "docs/concepts.md"),
    *("docs/settings.md", "docs/api.md", "docs/app-inventory.md", "docs/limits.md", "docs/costs.md"),
    *("docs/func-start.md", "docs/partners/README.md", "docs/partners/integrate.md"),
)


def text_of(page: str) -> str:
    """A page, with what stands on several lines of a command on one."""
    return (ROOT / page).read_text(encoding="utf-8").replace("\\\n", " ")

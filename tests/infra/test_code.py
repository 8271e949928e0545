"""What is deployed is compared with what the code says of itself: that is asked rightly."""

from tests.infra import code


def test_only_the_settings_module_looks_into_the_environment() -> None:
    assert code.environment_readers() == []


def test_what_the_code_reads_is_asked_of_the_code() -> None:
    read = code.settings_read()
    assert {"MODE", "TAG_ATTRIBUTE", "PARTNERS_IOS", "COSMOS__accountEndpoint"} <= read.names
    assert {"AUTH_", "WEBHOOK_SECRETS_", "CONNECTOR_ID_"} <= read.prefixes
    assert code.settings_of_bindings() == {"SYNC_SCHEDULE", "CANARY_SCHEDULE", "POLL_SCHEDULE"}


def test_every_query_is_known_to_go_to_a_container() -> None:
    assert ("dead_letters", "DEAD_LETTERS_OF_PARTNER") in code.queries_by_container()
    assert code.fields_queried()["dead_letters"] == {"kind", "partner", "received_at"}

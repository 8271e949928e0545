"""Reading local.settings.json, and the Cosmos DB connections it names."""

import json
import pathlib

import pytest

from local.host.errors import HostError, SettingsError
from local.host.settings import Account, cosmos_account, load_settings


def write(folder: pathlib.Path, content: str) -> pathlib.Path:
    file = folder / "local.settings.json"
    file.write_text(content)
    return file


def test_the_values_of_the_file_are_the_settings(tmp_path: pathlib.Path) -> None:
    content = {"IsEncrypted": False, "Values": {"A": "1"}, "Host": {}}
    assert load_settings(write(tmp_path, json.dumps(content))) == {"A": "1"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is not JSON"),
        ("[]", 'has no "Values" object'),
        ('{"Values": []}', 'has no "Values" object'),
        ('{"Values": {"A": 1}}', "Values.A is not a string"),
        ('{"IsEncrypted": true, "Values": {}}', "encrypted settings"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(
    tmp_path: pathlib.Path, content: str, problem: str
) -> None:
    file = write(tmp_path, content)
    with pytest.raises(SettingsError) as error:
        load_settings(file)
    assert str(error.value).startswith(f"{file}: ")
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.json: cannot be read"):
        load_settings(tmp_path / "nowhere.json")


def test_a_connection_string_wins_over_the_prefix() -> None:
    settings = {"X": "AccountEndpoint=http://a/;AccountKey=k==;", "X__accountEndpoint": "http://b/"}
    assert cosmos_account("X", settings, where="here") == Account("http://a/", "k==")


def test_a_connection_may_be_given_by_prefix() -> None:
    settings = {"X__accountEndpoint": "http://b/", "X__accountKey": "k"}
    assert cosmos_account("X", settings, where="here") == Account("http://b/", "k")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({}, "here: setting X, or X__accountEndpoint and X__accountKey, is missing"),
        ({"X__accountEndpoint": "http://b/"}, "X__accountKey"),
        ({"X": "http://b/"}, "here: setting X is not AccountEndpoint"),
    ],
)
def test_an_incomplete_connection_is_refused(settings: dict[str, str], problem: str) -> None:
    with pytest.raises(HostError, match=problem):
        cosmos_account("X", settings, where="here")

"""What keeps the host from starting."""


class HostError(Exception):
    """The function app or its configuration cannot be hosted; the message names what and where."""


class SettingsError(HostError):
    """The settings file cannot be used."""

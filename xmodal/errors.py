"""The errors that a user can mend: bad data on disk, a bad configuration, no room."""


class XmodalError(Exception):
    """Something the user can mend. The command line prints it as one line and exits with code 2."""


class DataError(XmodalError):
    """A file or record breaks the rules of its format.

    Args:
        where: the file, key or field at fault.
        expected: what its format asks for.
        found: what is there instead.
    """

    def __init__(self, where: object, *, expected: str, found: str) -> None:
        super().__init__(f"{where}: expected {expected}, found {found}")
        self.where, self.expected, self.found = str(where), expected, found

    def __reduce__(self) -> tuple[object, ...]:
        return _data_error, (self.where, self.expected, self.found)


def _data_error(where: str, expected: str, found: str) -> DataError:
    """Rebuilds the error that another process raised."""
    return DataError(where, expected=expected, found=found)


class ConfigError(XmodalError):
    """A configuration names something that does not exist or does not fit."""


class DiskFull(XmodalError):
    """There is no room for a file."""


def unknown(kind: str, name: object, known: object) -> ConfigError:
    """The error for a name that nobody knows; it lists the names that are known."""
    names = ", ".join(sorted(str(k) for k in known)) or "none"  # type: ignore[attr-defined]
    return ConfigError(f"unknown {kind} {name!r}; known: {names}")

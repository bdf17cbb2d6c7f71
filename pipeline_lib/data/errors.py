"""The error of a raw file that cannot be used at all."""


class RawFileError(Exception):
    """A raw file is missing, empty, wrongly encoded or of another layout."""

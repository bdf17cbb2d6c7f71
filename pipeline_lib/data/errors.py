"""The errors that bringing and reading raw files may end in."""

REMEDY = "download it by hand, unpack it under <raw_dir>/<folder>/ and pass raw_dir."


class RawFileError(Exception):
    """A raw file is missing, empty, wrongly encoded or of another layout."""


class FetchError(Exception):
    """An archive could not be downloaded or unpacked."""

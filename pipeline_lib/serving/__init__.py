"""A trained method for users that arrived a minute ago."""

"""Answer for users that nobody trained on, with a trained method."""

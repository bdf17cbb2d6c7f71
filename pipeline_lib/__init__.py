"""Personalized adaptive meta learning for cold-start users, as a library without a workflow."""

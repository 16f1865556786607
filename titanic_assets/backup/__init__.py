"""Backup and restore of what is not in git: everything under TITANIC_HOME that matters."""

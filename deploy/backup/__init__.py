"""Backup and restore of an installation: the databases as they were at one moment, and what that means for Kafka."""

"""Kubernetes: what follows from the services' own declarations is generated (`python -m deploy.kubernetes`)."""

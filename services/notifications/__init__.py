"""Notifications: the planning of a region, and telling people of it and of what happens elsewhere, once each."""

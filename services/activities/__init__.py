"""Offers, requests, matching and activities: what schools and companies do together, and who confirmed it."""

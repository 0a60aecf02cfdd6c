"""Other people's libraries, as baselines: they run in an environment of their own, and no service depends on them."""

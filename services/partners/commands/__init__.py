"""The use cases of partners: each saves what changed, and publishes the state it has now."""

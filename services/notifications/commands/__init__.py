"""The use cases of notifications: each takes the transaction, decides by the rules, saves, and appends the facts."""

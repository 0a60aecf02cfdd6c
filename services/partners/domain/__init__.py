"""The rules of partners. Nothing in here does input or output, or knows the time."""

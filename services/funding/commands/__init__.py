"""What can be done: one function each, which takes the transaction."""

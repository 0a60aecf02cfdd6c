"""The rules of the books: frozen values, and verbs that answer with a new state and its facts. No IO, clock or ids."""

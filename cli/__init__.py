"""The command line: what an operator, and `make demo`, does with the running services."""

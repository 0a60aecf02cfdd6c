"""Domain-free mechanics that two services or more rely on; knows no service and no domain noun."""

"""The books of a region: schemes, grants, allocations, the ledger, contributions and the co-financing position."""

"""Partners: the regions, their programmes and organisations, and the people behind accounts."""

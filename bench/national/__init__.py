"""A whole country on one installation: made, loaded through the real doors, reported, and its books checked."""

"""What a region's operators want to know, worked out from what was heard: pure, in integer cents and minutes."""

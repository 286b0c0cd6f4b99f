"""Writes one message an arm, in the brand's voice, with approved claims only."""

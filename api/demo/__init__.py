"""The demonstration: the main job on a ready example, through the same application as any home."""

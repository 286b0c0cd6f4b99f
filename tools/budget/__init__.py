"""Budget arithmetic, in minor units."""

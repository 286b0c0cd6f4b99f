"""How answers of a home are drawn on a terminal."""

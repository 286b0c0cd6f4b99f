"""Which items a decision may choose, and the successive draws that choose them."""

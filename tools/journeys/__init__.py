"""What a journey's definition means: its filters, its messages, and where each person goes next."""

"""What a marketer says in a conversation: which campaign it is about, what it asks for, and what it changes in the record."""

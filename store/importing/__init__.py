"""Reading files into a home: checked whole first, then written whole or not at all."""

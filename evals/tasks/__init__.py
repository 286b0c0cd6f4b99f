"""How a case is carried out, a file a kind of case; each gives back an output, the tools called and what it took."""

"""How a launch reaches people: the ledger's steps, the channels, and the jobs that drive them."""

"""One adapter a provider, all behind one interface."""

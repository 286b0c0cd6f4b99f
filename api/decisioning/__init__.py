"""The decisioning API: loaded by the full server and by one that serves nothing else."""

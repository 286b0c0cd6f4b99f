"""The machine of agents: graphs, the four agents, the loop they run in and the models behind it."""

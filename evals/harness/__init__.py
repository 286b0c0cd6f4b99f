"""Cases, results, scores; the statistics, the gate and the reports on them. Nothing here calls a model."""

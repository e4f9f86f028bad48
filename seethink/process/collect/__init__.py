"""Step labels: several collectors, one interface (``labels.Collector``), each with its cost in tokens."""

"""Complete named configurations: the only place that joins data, networks and games."""

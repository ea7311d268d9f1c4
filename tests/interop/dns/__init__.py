"""A signed world on loopback: our own root, zones of every sort, resolvers, mail hosts and policy servers."""

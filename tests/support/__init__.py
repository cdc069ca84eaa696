"""Equipment of the tests: homes, rows, servers and readers that several of them use."""

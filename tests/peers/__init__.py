"""Real servers for the suite's checks, each started once, below the process that asked for it."""

// The contract suites of the ports: one a port, run against each adapter.

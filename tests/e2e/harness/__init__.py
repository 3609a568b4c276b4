"""The end-to-end harness: hosts made of network namespaces, processes in them, traffic, faults and limits."""

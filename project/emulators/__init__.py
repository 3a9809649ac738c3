"""Small servers that speak the providers' own protocols, so that nothing leaves the machine in `make run` and in tests."""

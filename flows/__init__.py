"""The order of things: the night, its Prefect flow, the services and the command line. May use `connectors` and `expectations`."""

"""Reading and judging on other machines: a Dask scheduler hands the work of a night to worker processes.

Only this package knows Dask, and imports it where it is used. `workers` is the night's side, `work` what runs on the other
machines, `service` starts their processes, `conduct` is what all of them keep to.
"""

"""The doors: one module or package for each outside thing. May use `expectations`, never `flows`."""

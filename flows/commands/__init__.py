"""The sub-commands of `warehouse`, one module each; imported when called."""

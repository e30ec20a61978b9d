"""Reading alone: how many workbooks a second, and in how much memory, against two readers that promise nothing."""

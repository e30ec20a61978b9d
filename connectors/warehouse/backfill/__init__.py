"""Backfill: history brought in from a folder, or the archived originals of a range judged again, shown before it is done.

A *plan* is what a preview showed: parameters, the boundary (everything that must not move meanwhile) and the expected result.
An apply reads partition by partition (form × period) into a sealed staging area of its own, which neither readers nor a night
see, and brings all of it into the ledger in one transaction that holds the result against the plan before it commits. So a
backfill that is paused, cancelled or killed anywhere has either happened as a whole or not at all, and costs at most the
partition that was being read.
"""

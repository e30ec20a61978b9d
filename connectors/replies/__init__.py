"""What goes back to the submitter: the workbook annotated or a problem list of its own, and a signed receipt.

Every text that we write is a string in a cell, a comment or a JSON value: nothing that somebody typed becomes a formula or a link.
"""

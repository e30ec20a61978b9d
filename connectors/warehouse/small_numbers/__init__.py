"""Small numbers: which figures that show people the readers of the BI tool may see, and which are withheld from them.

One rule (`rule`) over what stands behind the figures (`people`), kept by rows of `bi` that readers see or do not see (`showing`,
`connectors.warehouse.rights`). Our own tools read as the owner, whom it does not bind. docs/engineering/small-numbers.md argues for it.
"""

"""The whole night of the product against two loaders that do less, on the same workbooks and the same Postgres."""

"""The figures of the sample year counted a second time: openpyxl, plain Python and the forms as people read them.

Nothing here comes from the product. Rules, holidays and definitions are written down anew, in the words of the workbooks, so
that a mistake in the product is not repeated here.
"""

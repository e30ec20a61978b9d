"""The intake over HTTP: a unit uploads workbooks by its token, is told at once what is wrong, and finds its receipts."""

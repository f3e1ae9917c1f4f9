"""`run.py paper`: the tables of both papers on the public data that they are of."""

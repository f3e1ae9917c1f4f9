"""Weights files: what is in them, checked by name and shape before anything is loaded.

header: a file's tensors without the tensors. shapes, layouts: which network it is, and its sizes. scaled: int8 and float8.
shards: several files as one. lora: names. Knows no network and no host.
"""

"""Decoupled memory ("Memorize When Needed", arXiv 2604.18215): which earlier frame each new one is conditioned on, and when.

Pure functions in the order of the data: `cameras` (poses and rays), `retrieval` (the earlier frame each latent frame
looks up), `gate` (whether it may use it), `assembly` (what the branch is given), `layout` (checkpoints).
Functions that have a `release` switch do what the released code does where it differs from what is right by default.
"""

"""What run.py can do once the environment is there: demo, serve, test, fuzz, lint, and the parts that the tests use too.

run.py uses `command_line`, `console`, `devices`, `places` and `processes` before there is an environment, so these know the
standard library alone. The rest runs in the environment. Nothing here knows run.py.
"""

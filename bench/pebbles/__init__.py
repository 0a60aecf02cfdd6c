"""The smallest command there is, behind the real HTTP door and behind a stock FastAPI one.

`python -m bench.pebbles ours|stock PORT TENANT` serves it with uvicorn on one process, settings from the environment;
`python -m bench.pebbles loop SECONDS TENANT` runs its SQL alone.
"""

"""The smallest command there is, behind the real HTTP door and behind a stock FastAPI one.

`python -m bench.pebbles ours|stock|dark|few|many PORT TENANT` serves it with uvicorn on one process, settings from the
environment; all but `stock` are ours, and `dark` has no telemetry.
`python -m bench.pebbles loop SECONDS TENANT` runs its SQL alone.
"""

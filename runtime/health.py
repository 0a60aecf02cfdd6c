"""`python -m runtime.health`: whether the service of this container is ready, for an orchestrator that asks by command.

Only what Python itself has is imported: it runs every few seconds.
"""

import http.client
import os
import sys

SECONDS = 3


def ready(port: int) -> str | None:
    """None when the service on this port of this machine is ready, else a sentence."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"Nothing answers on port {port} ({type(error).__name__})."
    finally:
        connection.close()
    return None if status == 200 else f"The service on port {port} is not ready: {status}."


if __name__ == "__main__":
    if said := ready(int(os.environ.get("SPEERPUNT_HTTP_PORT", "8000"))):
        sys.exit(said)

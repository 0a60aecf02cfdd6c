"""The story against the containers of docker-compose.yml: `make compose-demo`."""

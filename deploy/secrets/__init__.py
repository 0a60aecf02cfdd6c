"""What must be secret in a deployment, made once on the machine that needs it: `make secrets`."""

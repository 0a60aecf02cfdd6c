"""What tests of several services lean on."""

"""Read, check and complete a config before anything is built."""

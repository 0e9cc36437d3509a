"""The `diptych` command: runs the stack, prepares stores, and fills them by way of the services."""

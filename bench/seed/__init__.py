"""What the stores hold before anything is measured: orders and families by the hundred thousand."""

"""What no system of this kind can be faster than, on the same machine in the same run."""

"""What was found: a table, a file for programs, a plot."""

"""What is measured, one module a subject; each gives its section while what it needs runs."""

"""What can keep the stack from starting, each as one line that a person can act on."""


class StackError(Exception):
    """The stack can't start or go on; the text is one line for the person at the terminal."""

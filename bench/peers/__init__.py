"""What a team would use or write instead, set up as its own documentation recommends."""

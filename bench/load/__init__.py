"""Load generators: closed and paced loops over raw sockets, in processes of their own."""

-- A hint needs no durability, and NOTIFY would flush the write-ahead log each time.
SET synchronous_commit = off;

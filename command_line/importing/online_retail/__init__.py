"""The Online Retail data set: invoice lines of a shop, replayed as orders."""

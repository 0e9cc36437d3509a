"""The Default of Credit Card Clients data set: monthly bills and payments, replayed as tuition accounts."""

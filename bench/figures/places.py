"""The methods that are measured, by their paths."""

_COMMANDS = "/diptych.orders.v1.OrderCommandService"
_QUERIES = "/diptych.orders.v1.OrderQueryService"

RECEIVE_STOCK = f"{_COMMANDS}/ReceiveStock"
PLACE_ORDER = f"{_COMMANDS}/PlaceOrder"
EXECUTE_BATCH = f"{_COMMANDS}/ExecuteBatch"
GET_ORDER = f"{_QUERIES}/GetOrder"
GET_PRODUCT = f"{_QUERIES}/GetProduct"
LIST_ORDERS = f"{_QUERIES}/ListOrders"
DASHBOARD = f"{_QUERIES}/GetOrderDashboard"
TIERS = "/diptych.families.v1.FamilyQueryService/GetFamiliesByRiskTier"

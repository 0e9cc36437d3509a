"""The statements of the plain services, gRPC and HTTP alike; `%(name)s` is a parameter."""

INSERT_DELIVERY = """
INSERT INTO deliveries (sku, quantity, reference) VALUES (%(sku)s, %(quantity)s, %(reference)s) RETURNING id
"""

PRICES = """
SELECT sku, unit_price_cents, currency_code FROM products WHERE sku = ANY(%(skus)s)
"""

INSERT_ORDER = """
INSERT INTO orders (id, customer_id, status, total_cents, currency_code, region_code, placed_at)
VALUES (%(id)s, %(customer_id)s, 1, %(total_cents)s, %(currency_code)s, %(region_code)s, now())
"""

INSERT_LINES = """
INSERT INTO order_lines (order_id, line, sku, quantity, unit_price_cents)
SELECT %(id)s, line - 1, sku, quantity, unit_price_cents
FROM unnest(%(skus)s::text[], %(quantities)s::bigint[], %(prices)s::bigint[])
    WITH ORDINALITY AS given (sku, quantity, unit_price_cents, line)
"""

ORDER_WITH_LINES = """
SELECT o.id, o.customer_id, c.name, c.email, o.status, o.total_cents, o.currency_code, o.placed_at,
    o.last_updated, o.version, o.region_code, l.sku, l.quantity, l.unit_price_cents, p.name
FROM orders o
JOIN customers c ON c.id = o.customer_id
JOIN order_lines l ON l.order_id = o.id
JOIN products p ON p.sku = l.sku
WHERE o.id = %(id)s
ORDER BY l.line
"""

NEWEST_ORDERS = """
SELECT o.id, o.customer_id, c.name, c.email, o.status, o.total_cents, o.currency_code, o.placed_at,
    o.last_updated, o.version, o.region_code, l.lines, l.units
FROM (SELECT * FROM orders ORDER BY placed_at DESC, id DESC LIMIT %(limit)s) o
JOIN customers c ON c.id = o.customer_id
CROSS JOIN LATERAL (
    SELECT count(*) AS lines, sum(quantity)::bigint AS units FROM order_lines WHERE order_id = o.id
) l
ORDER BY o.placed_at DESC, o.id DESC
"""

DASHBOARD = """
SELECT status, currency_code, count(*), count(*) FILTER (WHERE total_cents > 100000), sum(total_cents)::bigint
FROM orders
GROUP BY status, currency_code
"""

TIERS = """
SELECT risk_tier, count(*), sum(risk_score)::bigint FROM families GROUP BY risk_tier
"""

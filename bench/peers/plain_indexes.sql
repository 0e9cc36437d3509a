-- What the plain services' queries need, made after the rows are there.
CREATE INDEX orders_placed_at ON orders (placed_at DESC, id DESC);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX families_risk_tier ON families (risk_tier);
ANALYZE;

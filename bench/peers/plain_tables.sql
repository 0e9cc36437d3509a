-- The same shop without events: one row a thing, changed in place.
CREATE TABLE customers (
    id text PRIMARY KEY,
    name text NOT NULL,
    email text NOT NULL
);
CREATE TABLE products (
    sku text PRIMARY KEY,
    name text NOT NULL,
    unit_price_cents bigint NOT NULL,
    currency_code text NOT NULL
);
CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku text NOT NULL REFERENCES products,
    quantity bigint NOT NULL,
    reference text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE orders (
    id text PRIMARY KEY,
    customer_id text NOT NULL REFERENCES customers,
    status smallint NOT NULL,
    total_cents bigint NOT NULL,
    currency_code text NOT NULL,
    region_code text NOT NULL,
    placed_at timestamptz NOT NULL,
    last_updated timestamptz NOT NULL DEFAULT now(),
    version bigint NOT NULL DEFAULT 1
);
CREATE TABLE order_lines (
    order_id text NOT NULL REFERENCES orders,
    line smallint NOT NULL,
    sku text NOT NULL REFERENCES products,
    quantity bigint NOT NULL,
    unit_price_cents bigint NOT NULL,
    PRIMARY KEY (order_id, line)
);
CREATE TABLE families (
    id text PRIMARY KEY,
    family_name text NOT NULL,
    risk_score smallint NOT NULL,
    risk_tier smallint NOT NULL
);

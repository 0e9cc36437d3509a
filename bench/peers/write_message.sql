\set stream random(1, 1000000)
SELECT message_store.write_message(gen_random_uuid()::text, 'product-' || :stream, 'StockReceived', jsonb_build_object('sku', 'sku-000001', 'quantity', 1, 'reference', repeat('b', 60)), jsonb_build_object('actor', 'bench'));

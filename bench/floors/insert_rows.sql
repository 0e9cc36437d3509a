INSERT INTO rows (command_id, stream, payload) SELECT gen_random_uuid(), 'product-sku-000001', decode(repeat('00', 160), 'hex') FROM generate_series(1, 500);

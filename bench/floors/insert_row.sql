INSERT INTO rows (command_id, stream, payload) VALUES (gen_random_uuid(), 'product-sku-000001', decode(repeat('00', 160), 'hex'));

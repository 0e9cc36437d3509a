// The same work with Emmett on Postgres, in process: a decider behind CommandHandler, and an asynchronous view.
//
//     node bench/peers/emmett_program.mjs      (EMMETT_DATABASE_URL and EMMETT_MODULES in the environment)
//
// A line of JSON names what to do; the answer is a line with the values found.
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

const load = createRequire(`${process.env.EMMETT_MODULES}/`);
const { CommandHandler } = load('@event-driven-io/emmett');
const { getPostgreSQLEventStore, postgreSQLRawSQLProjection } = load('@event-driven-io/emmett-postgresql');
const { SQL, identifier } = load('@event-driven-io/dumbo');

const EVENTS_A_BATCH = 100;
const store = getPostgreSQLEventStore(process.env.EMMETT_DATABASE_URL);
const handle = CommandHandler({
  initialState: () => ({ exists: false, received: 0 }),
  evolve: (state, { type, data }) =>
    type === 'ProductRegistered'
      ? { ...state, exists: true }
      : { ...state, received: state.received + data.quantity },
});
let products = 0;
let views = 0;

const delivery = (sku) => ({ type: 'StockReceived', data: { sku, quantity: 1, reference: 'bench' } });
const registration = (sku) => ({ type: 'ProductRegistered', data: { sku, name: `Product ${sku}` } });

const receiveStock = (sku) =>
  handle(store, `product-${sku}`, (state) => {
    if (!state.exists) throw new Error(`there is no product ${sku}`);
    return delivery(sku);
  });

const parts = {
  // Products to receive stock, and histories for a view to catch up with.
  prepare: async (request) => {
    products = request.products;
    for (let sku = 0; sku < products; sku += 1) await store.appendToStream(`product-${sku}`, [registration(sku)]);
    for (let batch = 0; batch < request.long_stream / EVENTS_A_BATCH; batch += 1) {
      await store.appendToStream('product-long', Array.from({ length: EVENTS_A_BATCH }, () => delivery('long')));
    }
    return {};
  },

  // Commands a second by so many callers at a time.
  commands: async (request) => {
    const begin = performance.now() + request.warming_seconds * 1000;
    const end = begin + request.seconds * 1000;
    let count = 0;
    const caller = async (place) => {
      // Products of its own for each caller, so that none of them meets a conflict.
      for (let sku = place; performance.now() < end; sku = sku + request.clients < products ? sku + request.clients : place) {
        await receiveStock(sku);
        const now = performance.now();
        if (now >= begin && now < end) count += 1;
      }
    };
    await Promise.all(Array.from({ length: request.clients }, (_, place) => caller(place)));
    return { 'Emmett commands': count / request.seconds };
  },

  // Events a second into a view of its own, from the beginning of the log; batches larger than the default.
  catch_up: async (request) => {
    views += 1;
    const table = `stock_${views}`;
    let count = 0;
    let began = 0;
    const projection = postgreSQLRawSQLProjection({
      name: table,
      canHandle: ['ProductRegistered', 'StockReceived'],
      init: () => SQL`CREATE TABLE IF NOT EXISTS ${identifier(table)} (id text PRIMARY KEY, received bigint)`,
      evolve: ({ data }) => {
        if (count === 0) began = performance.now();
        count += 1;
        return SQL`INSERT INTO ${identifier(table)} AS stock (id, received)
          VALUES (${String(data.sku)}, ${data.quantity ?? 0})
          ON CONFLICT (id) DO UPDATE SET received = stock.received + excluded.received`;
      },
    });
    // A consumer's end closes the pool of the store that it is made of.
    const own = getPostgreSQLEventStore(process.env.EMMETT_DATABASE_URL);
    const consumer = own.consumer({
      pulling: { batchSize: 1000, pullingFrequencyInMs: 10 },
      stopWhen: { noMessagesLeft: true },
    });
    consumer.projector({ processorId: table, projection, startFrom: 'BEGINNING' });
    const running = consumer.start();
    const timer = new Promise((resolve) => setTimeout(resolve, request.seconds * 1000));
    await Promise.race([running, timer]);
    const seconds = (performance.now() - began) / 1000;
    const found = count / seconds;
    await consumer.close();
    await running.catch(() => undefined);
    return { 'Emmett catch-up': found };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { do: part, ...request } = JSON.parse(line);
  let answer;
  try {
    answer = await parts[part](request);
  } catch (error) {
    answer = { error: String(error?.stack ?? error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await store.close();

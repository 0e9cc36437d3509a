// A client in Node, written as its documentation says: every kind of call, told as one JSON object.
//
// node node_client.mjs <address> <file with a descriptor set> <package.Service> [<file with a CA>]

import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [address, descriptors, service, ca] = process.argv.slice(2);
const credentials = ca ? grpc.credentials.createSsl(readFileSync(ca)) : grpc.credentials.createInsecure();
const loaded = grpc.loadPackageDefinition(
  loader.loadFileDescriptorSetFromBuffer(readFileSync(descriptors), { keepCase: true }),
);
const Client = service.split(".").reduce((found, name) => found[name], loaded);
const client = new Client(address, credentials);
const packing = new Client(address, credentials, { "grpc.default_compression_algorithm": 2 });

const request = (order_id) => ({
  context: { command_id: "0f1e1c9e-3c1e-4b5e-9f0a-000000000001" },
  order_id,
  customer_id: "ada",
  items: [{ sku: "lamp", quantity: 1 }],
});

const refusal = (error) => ({
  code: error.code,
  details: error.details,
  request_id: error.metadata?.get("x-request-id")[0],
  status_bytes: error.metadata?.get("grpc-status-details-bin")[0]?.length ?? 0,
});

const unary = (made, message, options = {}, metadata = new grpc.Metadata()) =>
  new Promise((resolve) => {
    made.Weave(message, metadata, options, (error, answer) => resolve(error ? refusal(error) : answer.order_id));
  });

const ended = (call, answers, take = async () => {}) =>
  new Promise((resolve) => {
    call.on("data", async (answer) => {
      answers.push(answer.order_id);
      call.pause();
      await take(answers.length, call);
      call.resume();
    });
    call.on("error", (error) => resolve(refusal(error)));
    call.on("end", () => resolve("ended"));
  });

async function streamed(message, take) {
  const answers = [];
  const end = await ended(client.Spin(message), answers, take);
  return { end, answers: answers.length, last: answers.at(-1)?.slice(0, 8) };
}

async function bothWays(ids) {
  const call = client.Mend();
  const answers = [];
  const end = ended(call, answers);
  ids.forEach((id) => call.write(request(id)));
  call.end();
  return { end: await end, answers };
}

const named = new grpc.Metadata();
named.set("x-request-id", "from-node");
named.set("x-anything-bin", Buffer.from([0, 255, 128]));

console.log(JSON.stringify({
  unary: await unary(client, request("7")),
  packed: await unary(packing, request("7".repeat(100))),
  refused: await unary(client, { order_id: "7" }, {}, named),
  late: await unary(client, request("wait"), { deadline: Date.now() + 300 }),
  streamed: await streamed(request("pages")),
  slowly: await streamed(request("pages"), (count) => pause(count % 50 ? 0 : 20)),
  cancelled: await streamed(request("endless"), async (count, call) => count === 5 && call.cancel()),
  both_ways: await bothWays(["1", "2", "3"]),
}));
client.close();
packing.close();

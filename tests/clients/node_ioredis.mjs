// ioredis against the server on the port given, with the library's defaults.
// Prints "ok" at the end; an assertion that fails is the failure of the test.
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { waitUntil } from './wait_until.mjs';

const client = new Redis({ port: Number(process.argv[2]), connectionName: 'ioredis' });
client.on('error', (error) => { throw error; });

// XREAD answers an array of pairs in RESP2 and a map in RESP3; both as pairs.
function pairs(reply) {
  if (reply instanceof Map) return [...reply];
  return Array.isArray(reply) ? reply : Object.entries(reply);
}

async function streams() {
  const first = await client.xadd('s', '*', 'name', 'one', 'n', '1');
  const second = await client.xadd('s', 'MAXLEN', '~', '1000', '*', 'name', 'two');
  assert.deepEqual(await client.xrange('s', '-', '+'),
    [[first, ['name', 'one', 'n', '1']], [second, ['name', 'two']]]);
  assert.deepEqual(pairs(await client.xread('STREAMS', 's', first)),
    [['s', [[second, ['name', 'two']]]]]);
  assert.equal(await client.xlen('s'), 2);
  await assert.rejects(client.xadd('s', '1-1', 'f', 'v'), /equal or smaller/);
}

async function blockingRead() {
  const reader = client.duplicate();
  const read = reader.xread('BLOCK', 20_000, 'STREAMS', 'b', '$');
  await waitUntil(async () => /blocked_clients:1\r/.test(await client.info('clients')));
  const id = await client.xadd('b', '*', 'f', 'v');
  assert.deepEqual(pairs(await read), [['b', [[id, ['f', 'v']]]]]);
  assert.equal(await reader.xread('BLOCK', 10, 'STREAMS', 'b', '$'), null);
  await reader.quit();
}

async function pipeline() {
  const batch = client.pipeline();
  for (let n = 1; n <= 100; ++n) batch.xadd('p', `${n}-0`, 'f', 'v');
  batch.xadd('p', '1-0', 'f', 'v').xlen('p');
  const replies = await batch.exec();
  assert.equal(replies.length, 102);
  assert.deepEqual(replies[99], [null, '100-0']);
  assert.match(replies[100][0].message, /equal or smaller/);
  assert.deepEqual(replies[101], [null, 100]);
}

async function transactions() {
  const replies = await client.multi().xadd('p', '200-0', 'f', 'v').xlen('p').exec();
  assert.deepEqual(replies, [[null, '200-0'], [null, 101]]);
  const watcher = client.duplicate();
  await watcher.watch('p');
  await client.xadd('p', '201-0', 'f', 'v');
  assert.equal(await watcher.multi().xlen('p').exec(), null);
  assert.deepEqual(await watcher.multi().xlen('p').exec(), [[null, 102]]);
  await watcher.quit();
}

async function messages() {
  const listener = client.duplicate();
  const heard = [];
  listener.on('message', (channel, message) => heard.push([channel, message]));
  listener.on('pmessage', (pattern, channel, message) => heard.push([pattern, channel, message]));
  assert.equal(await listener.subscribe('news', 'weather'), 2);
  assert.equal(await listener.psubscribe('n*'), 3);
  assert.equal(await client.publish('news', 'one'), 2);
  await waitUntil(() => heard.length === 2);
  assert.deepEqual(heard, [['news', 'one'], ['n*', 'news', 'one']]);
  assert.equal(await listener.unsubscribe('news', 'weather'), 1);
  assert.equal(await client.publish('weather', 'two'), 0);
  await listener.quit();
}

async function lookingAround() {
  assert.match(await client.info(), /\r\nredis_mode:standalone\r\n/);
  assert.match(await client.client('LIST'), / name=ioredis /);
  assert.equal(await client.client('GETNAME'), 'ioredis');
  const found = await client.config('GET', 'maxclients');
  assert.match(JSON.stringify(Array.isArray(found) ? found : pairs(found)), /"maxclients","10000"/);
  const keys = [];
  for await (const page of client.scanStream()) keys.push(...page);
  assert.deepEqual(keys.sort(), ['b', 'p', 's']);
  assert.equal(await client.del('p'), 1);
}

assert.equal(await client.ping(), 'PONG');
await streams();
await blockingRead();
await pipeline();
await transactions();
await messages();
await lookingAround();
await client.quit();
console.log('ok');

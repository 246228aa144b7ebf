// node-redis against the server on the port given, with the library's defaults: RESP3.
// Prints "ok" at the end; an assertion that fails is the failure of the test.
import assert from 'node:assert/strict';
import { createClient, WatchError } from 'redis';
import { waitUntil } from './wait_until.mjs';

const client = createClient({ socket: { port: Number(process.argv[2]) }, name: 'node-redis' });
client.on('error', (error) => { throw error; });

async function streams() {
  const first = await client.xAdd('s', '*', { name: 'one', n: '1' });
  const second = await client.xAdd('s', '*', { name: 'two' });
  const plain = (entries) => entries.map(({ id, message }) => [id, { ...message }]);
  assert.deepEqual(plain(await client.xRange('s', '-', '+')),
    [[first, { name: 'one', n: '1' }], [second, { name: 'two' }]]);
  const read = await client.xRead({ key: 's', id: first });
  assert.deepEqual(read.map(({ name, messages }) => [name, plain(messages)]),
    [['s', [[second, { name: 'two' }]]]]);
  assert.equal(await client.xLen('s'), 2);
  assert.equal((await client.xInfoStream('s')).length, 2);
  await assert.rejects(client.xAdd('s', '1-1', { f: 'v' }), /equal or smaller/);
}

async function blockingRead() {
  const reader = await client.duplicate().connect();
  const read = reader.xRead({ key: 'b', id: '$' }, { BLOCK: 20_000 });
  await waitUntil(async () => /blocked_clients:1\r/.test(await client.info('clients')));
  const id = await client.xAdd('b', '*', { f: 'v' });
  const [stream] = await read;
  assert.equal(stream.name, 'b');
  assert.equal(stream.messages[0].id, id);
  assert.equal(await reader.xRead({ key: 'b', id: '$' }, { BLOCK: 10 }), null);
  await reader.close();
}

async function pipeline() {
  const ids = Array.from({ length: 100 }, (_, n) => `${n + 1}-0`);
  const replies = await Promise.all(ids.map((id) => client.xAdd('p', id, { f: 'v' })));
  assert.deepEqual(replies, ids);
  const together = await client.multi().xLen('p').xTrim('p', 'MAXLEN', 10).execAsPipeline();
  assert.deepEqual(together, [100, 90]);
}

async function transactions() {
  const replies = await client.multi().xAdd('p', '200-0', { f: 'v' }).xLen('p').exec();
  assert.deepEqual(replies, ['200-0', 11]);
  const watcher = await client.duplicate().connect();
  await watcher.watch('p');
  await client.xAdd('p', '201-0', { f: 'v' });
  await assert.rejects(watcher.multi().xLen('p').exec(), WatchError);
  assert.deepEqual(await watcher.multi().xLen('p').exec(), [12]);
  await watcher.close();
}

async function messages() {
  const listener = await client.duplicate().connect();
  const heard = [];
  await listener.subscribe('news', (message, channel) => heard.push([channel, message]));
  await listener.pSubscribe('n*', (message, channel) => heard.push(['n*', channel, message]));
  await listener.sSubscribe('shard', (message, channel) => heard.push([channel, message]));
  assert.equal(await client.publish('news', 'one'), 2);
  assert.equal(await client.sPublish('shard', 'two'), 1);
  await waitUntil(() => heard.length === 3);
  assert.deepEqual(heard, [['news', 'one'], ['n*', 'news', 'one'], ['shard', 'two']]);
  assert.match(await listener.ping(), /^pong$/i);
  await listener.unsubscribe('news');
  await listener.pUnsubscribe('n*');
  assert.equal(await client.publish('news', 'three'), 0);
  assert.deepEqual(await client.pubSubShardChannels(), ['shard']);
  await listener.close();
}

async function lookingAround() {
  assert.match(await client.info(), /\r\nredis_mode:standalone\r\n/);
  const list = await client.clientList();
  assert.equal(list.filter(({ name }) => name === 'node-redis').length, 1);
  assert.equal((await client.clientInfo()).name, 'node-redis');
  assert.equal((await client.configGet('maxclients')).maxclients, '10000');
  const keys = [];
  for await (const page of client.scanIterator()) keys.push(...page);
  assert.deepEqual(keys.sort(), ['b', 'p', 's']);
  assert.equal(await client.del('p'), 1);
}

await client.connect();
assert.equal(await client.ping(), 'PONG');
await streams();
await blockingRead();
await pipeline();
await transactions();
await messages();
await lookingAround();
await client.close();
console.log('ok');

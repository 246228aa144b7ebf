// ioredis as the user "worker", who may work on jobs*, against the server on the port given.
// Prints "ok" at the end; an assertion that fails is the failure of the test.
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';

const port = Number(process.argv[2]);
const client = new Redis({ port, username: 'worker', password: 'secret' });

await client.xgroup('CREATE', 'jobs', 'g', '$', 'MKSTREAM');
const id = await client.xadd('jobs', '*', 'n', '1');
const read = await client.xreadgroup('GROUP', 'g', 'c', 'STREAMS', 'jobs', '>');
assert.ok(JSON.stringify(read).includes(id));
assert.equal(await client.xack('jobs', 'g', id), 1);
await assert.rejects(client.xlen('other'), /NOPERM No permissions to access a key/);
await assert.rejects(client.flushall(), /NOPERM User worker has no permissions/);
await client.quit();

const wrong = new Redis({ port, username: 'worker', password: 'no', retryStrategy: () => null, lazyConnect: true });
wrong.on('error', () => {});
await assert.rejects(wrong.connect().then(() => wrong.ping()));
wrong.disconnect();
console.log('ok');

// ioredis over TLS: port, authority, certificate and key are given.  Prints "ok" at the end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';

const [port, ca, cert, key] = process.argv.slice(2);
const client = new Redis({
  host: '127.0.0.1',
  port: Number(port),
  tls: { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) },
});
client.on('error', (error) => { throw error; });

const big = Buffer.alloc(5_000_000, 'abcdefg');
const id = await client.xadd('big', '*', 'f', big);
assert.deepEqual((await client.xrangeBuffer('big', '-', '+'))[0][1][1], big);
assert.equal((await client.xrange('big', id, id)).length, 1);

const batch = client.pipeline();
for (let n = 1; n <= 10_000; ++n) batch.xadd('p', `${n}-0`, 'f', 'v');
const replies = await batch.exec();
assert.ok(replies.every(([error, reply], n) => error === null && reply === `${n + 1}-0`));
await client.quit();
console.log('ok');

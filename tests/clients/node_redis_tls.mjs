// node-redis over TLS: port, authority, certificate and key are given.  Prints "ok" at the end.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createClient } from 'redis';

const [port, ca, cert, key] = process.argv.slice(2);
const client = createClient({
  socket: {
    host: '127.0.0.1',
    port: Number(port),
    tls: true,
    ca: readFileSync(ca),
    cert: readFileSync(cert),
    key: readFileSync(key),
  },
});
client.on('error', (error) => { throw error; });
await client.connect();

const big = 'abcdefg'.repeat(700_000);
const id = await client.xAdd('big', '*', { f: big });
assert.equal((await client.xRange('big', id, id))[0].message.f, big);
const ids = await Promise.all(
  Array.from({ length: 1000 }, (_, n) => client.xAdd('p', `${n + 1}-0`, { f: 'v' })));
assert.deepEqual(ids.slice(-1), ['1000-0']);
await client.close();
console.log('ok');

// A queue with ioredis: its producer and its consumers, each a process (see queue.h).
// What was left idle comes with the read itself: CLAIM of XREADGROUP.
import { Redis } from 'ioredis';
import { Worker, commandLine, payloadOf } from './queue_job.mjs';

const { role, port, jobs, name, minIdle, hangAfter } = commandLine();
const client = new Redis({ port });
client.on('error', (error) => { throw error; });

async function produce([first, last]) {
  for (let begin = first; begin <= last; begin += 100) {
    const batch = client.pipeline();
    for (let job = begin; job < begin + 100 && job <= last; ++job) {
      batch.xadd('jobs', '*', 'job', job, 'kind', 'ioredis', 'payload', payloadOf(job));
    }
    for (const [error] of await batch.exec()) if (error) throw error;
  }
}

// Each entry: ID, fields and values, milliseconds since its last delivery, deliveries before.
function entryOf([id, words, , deliveries]) {
  const message = {};
  for (let at = 0; at < words.length; at += 2) message[String(words[at])] = words[at + 1];
  return {
    id: String(id),
    job: Number(String(message.job)),
    payload: message.payload,
    fields: words.length / 2,
    isNew: Number(deliveries) === 0,
  };
}

async function isOver() {
  if (!await client.exists('closed')) return false;
  const [words] = await client.xinfo('GROUPS', 'jobs');
  const valueOf = (field) => words[words.indexOf(field) + 1];
  return valueOf('lag') === 0 && valueOf('pending') === 0;
}

async function consume() {
  const worker = new Worker({ hangAfter, acknowledge: (id) => client.xack('jobs', 'workers', id) });
  for (;;) {
    const read = await client.xreadgroupBuffer('GROUP', 'workers', name, 'COUNT', 10, 'BLOCK', 50,
      'CLAIM', minIdle, 'STREAMS', 'jobs', '>');
    const entries = (read ?? []).flatMap(([, delivered]) => delivered.map(entryOf));
    await worker.work(entries.filter(({ isNew }) => !isNew), 'claimed');
    await worker.work(entries.filter(({ isNew }) => isNew), 'got');
    if (entries.length === 0 && await isOver()) return;
  }
}

if (role === 'producer') await produce(jobs);
else await consume();
await client.quit();

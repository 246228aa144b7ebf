// A queue with node-redis (RESP3): its producer and its consumers, each a process (see
// queue_test.cc).
import { createClient, RESP_TYPES } from 'redis';
import { Worker, commandLine, payloadOf } from './queue_job.mjs';

const { role, port, jobs, name, minIdle, hangAfter } = commandLine();
const client = await createClient({ socket: { port } })
  .on('error', (error) => { throw error; }).connect();
const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });

async function produce([first, last]) {
  for (let begin = first; begin <= last; begin += 100) {
    const added = [];
    for (let job = begin; job < begin + 100 && job <= last; ++job) {
      added.push(client.xAdd('jobs', '*',
        { job: String(job), kind: 'node-redis', payload: payloadOf(job) }));
    }
    await Promise.all(added);
  }
}

function entriesOf(messages) {
  return messages.map(({ id, message }) => ({
    id: String(id),
    job: Number(String(message.job)),
    payload: message.payload,
    fields: Object.keys(message).length,
  }));
}

async function isOver() {
  if (!await client.exists('closed')) return false;
  const [group] = await client.xInfoGroups('jobs');
  return group.lag === 0 && group.pending === 0;
}

async function consume() {
  const worker = new Worker({ hangAfter, acknowledge: (id) => client.xAck('jobs', 'workers', id) });
  for (;;) {
    const claimed =
      await bytes.xAutoClaim('jobs', 'workers', name, minIdle, '0-0', { COUNT: 10 });
    await worker.work(entriesOf(claimed.messages), 'claimed');
    const read = await bytes.xReadGroup('workers', name, { key: 'jobs', id: '>' },
      { COUNT: 10, BLOCK: 50 });
    for (const { messages } of read ?? []) await worker.work(entriesOf(messages), 'got');
    if (claimed.messages.length === 0 && !read && await isOver()) return;
  }
}

if (role === 'producer') await produce(jobs);
else await consume();
await client.close();

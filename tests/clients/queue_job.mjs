// What both queues of Node share: the bytes of a job, and telling what was done.
export function payloadOf(job) {
  return Buffer.from(Array.from({ length: job % 300 }, (_, at) => (job + 7 * at) % 256));
}

// One line for the test; written at once, since standard output is a file.
export function tell(...words) {
  process.stdout.write(`${words.join(' ')}\n`);
}

// The words of the command line: role, port, and what belongs to the role (see queue.h).
export function commandLine() {
  const [role, port, ...words] = process.argv.slice(2);
  if (role === 'producer') return { role, port: Number(port), jobs: words.map(Number) };
  const [name, minIdle, hangAfter] = words;
  return { role, port: Number(port), name, minIdle: Number(minIdle), hangAfter: Number(hangAfter) };
}

// What a consumer does with what was delivered: `entries` are of { id, job, payload, fields }.
export class Worker {
  #acked = 0;

  constructor({ hangAfter, acknowledge }) {
    this.hangAfter = hangAfter;
    this.acknowledge = acknowledge;
  }

  async work(entries, how) {
    for (const { job, id } of entries) tell(how, job, id);
    for (const [at, { job, id, payload, fields }] of entries.entries()) {
      if (fields !== 3 || !payload.equals(payloadOf(job))) throw new Error(`job ${job} is damaged`);
      tell('worked', job);
      if (this.hangAfter && this.#acked >= this.hangAfter && at + 1 < entries.length) {
        tell('hangs');
        await new Promise((resolve) => { setTimeout(resolve, 3_600_000); });
      }
      tell('acked', job, await this.acknowledge(id));
      ++this.#acked;
    }
  }
}

// Asks again and again until `condition` holds; throws when it does not in 20 seconds.
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';

export async function waitUntil(condition) {
  const deadline = Date.now() + 20_000;
  while (!await condition()) {
    assert(Date.now() < deadline, `in vain: ${condition}`);
    await pause(2);
  }
}

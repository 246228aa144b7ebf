#!/usr/bin/python3
"""A queue with redis-py: its producer and its consumers, each a process (see queue.h)."""
import sys
import time

import redis


def payload_of(job):
    return bytes((job + 7 * at) % 256 for at in range(job % 300))


def tell(*words):
    print(*words, flush=True)


def produce(client, first, last):
    for begin in range(first, last + 1, 100):
        pipeline = client.pipeline(transaction=False)
        for job in range(begin, min(begin + 100, last + 1)):
            pipeline.xadd("jobs", {"job": job, "kind": "python", "payload": payload_of(job)})
        pipeline.execute()


def consume(client, name, min_idle_ms, hang_after):
    acked = 0

    def work(entries, how):
        nonlocal acked
        for entry, fields in entries:
            tell(how, int(fields[b"job"]), entry.decode())
        for at, (entry, fields) in enumerate(entries, start=1):
            job = int(fields[b"job"])
            assert len(fields) == 3 and fields[b"payload"] == payload_of(job), fields
            tell("worked", job)
            if hang_after and acked >= hang_after and at < len(entries):
                tell("hangs")
                time.sleep(3600)
            tell("acked", job, client.xack("jobs", "workers", entry))
            acked += 1

    def is_over():
        if not client.exists("closed"):
            return False
        group = client.xinfo_groups("jobs")[0]
        return group["lag"] == 0 and group["pending"] == 0

    while True:
        _, claimed, _ = client.xautoclaim("jobs", "workers", name, min_idle_ms, "0-0", count=10)
        work(claimed, "claimed")
        read = client.xreadgroup("workers", name, {"jobs": ">"}, count=10, block=50)
        for _, entries in read:
            work(entries, "got")
        if not claimed and not read and is_over():
            return


role, port, *words = sys.argv[1:]
connection = redis.Redis(port=int(port))
if role == "producer":
    produce(connection, int(words[0]), int(words[1]))
else:
    consume(connection, words[0], int(words[1]), int(words[2]))

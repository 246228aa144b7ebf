#!/usr/bin/python3
"""redis-py against the server on the port given: what an application does with streams.

Speaks RESP2.  Prints "ok" at the end; an assertion that fails is the failure of the test.
"""
import sys
import threading
import time

import redis


def wait_until(condition, what):
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"in vain: {what}"
        time.sleep(0.002)


def streams(client):
    first = client.xadd("s", {"name": "one", "n": 1})
    second = client.xadd("s", {"name": "two"}, id="*", maxlen=1000, approximate=True)
    assert client.xlen("s") == 2
    assert client.xrange("s") == [
        (first, {"name": "one", "n": "1"}),
        (second, {"name": "two"}),
    ]
    assert client.xrevrange("s", count=1) == [(second, {"name": "two"})]
    assert client.xread({"s": first}) == [["s", [(second, {"name": "two"})]]]
    assert client.xdel("s", first) == 1
    assert client.xtrim("s", maxlen=0, approximate=False) == 1
    info = client.xinfo_stream("s")
    assert info["length"] == 0 and info["last-generated-id"] == second
    try:
        client.xadd("s", {"f": "v"}, id="1-1")
        raise AssertionError("an ID of the past was taken")
    except redis.ResponseError as error:
        assert "equal or smaller" in str(error)


def blocking_read(client, port):
    read = []
    other = redis.Redis(port=port, decode_responses=True)

    def wait_for_entry():
        read.append(other.xread({"b": "$"}, block=20000))

    reader = threading.Thread(target=wait_for_entry, daemon=True)
    reader.start()
    wait_until(lambda: client.info("clients")["blocked_clients"] == 1, "a blocked reader")
    entry = client.xadd("b", {"f": "v"})
    reader.join(20)
    assert read == [[["b", [(entry, {"f": "v"})]]]], read
    assert client.xread({"b": "$"}, block=10) == []
    other.close()


def messages(client):
    pubsub = client.pubsub()
    pubsub.subscribe("news", "weather")
    pubsub.psubscribe("n*")
    heard = []
    wait_until(lambda: client.pubsub_numpat() == 1, "the last subscription")
    assert client.pubsub_numsub("news", "weather") == [("news", 1), ("weather", 1)]
    assert client.publish("news", "one") == 2

    def listen():
        message = pubsub.get_message(timeout=0.1)
        if message and "message" in message["type"]:
            heard.append((message["type"], message["channel"], message["data"]))
        return len(heard) == 2

    wait_until(listen, "two messages")
    assert heard == [("message", "news", "one"), ("pmessage", "news", "one")], heard
    pubsub.unsubscribe()
    pubsub.punsubscribe()
    pubsub.close()
    wait_until(lambda: client.pubsub_channels() == [], "no channel")


def pipelines(client):
    pipeline = client.pipeline(transaction=False)
    for n in range(100):
        pipeline.xadd("p", {"n": n}, id=f"{n + 1}-0")
    pipeline.xlen("p")
    replies = pipeline.execute()
    assert replies == [f"{n + 1}-0" for n in range(100)] + [100]

    pipeline.xadd("p", {"n": 0}, id="1-0").xlen("p")
    replies = pipeline.execute(raise_on_error=False)
    assert isinstance(replies[0], redis.ResponseError) and replies[1] == 100


def transactions(client):
    pipeline = client.pipeline()  # MULTI and EXEC around it
    pipeline.xadd("p", {"n": 1}, id="200-0").xlen("p").xdel("p", "200-0")
    assert pipeline.execute() == ["200-0", 101, 1]

    def add_next(pipeline):
        last = pipeline.xinfo_stream("p")["last-generated-id"]
        if not tries:
            client.xadd("p", {"n": "between"}, id="300-0")
        tries.append(last)
        pipeline.multi()
        pipeline.xadd("p", {"n": "next"}, id=f"{int(last.split('-')[0]) + 1}-0")

    tries = []
    assert client.transaction(add_next, "p") == ["301-0"]
    assert tries == ["200-0", "300-0"], "once more, since the key had changed"
    assert client.xtrim("p", maxlen=100, approximate=False) == 2


def looking_around(client):
    info = client.info()
    assert info["redis_mode"] == "standalone" and info["role"] == "master"
    assert info["used_memory"] >= 0 and info["loading"] == 0
    assert info["db0"]["keys"] == client.dbsize() == 3
    assert client.info("commandstats")["cmdstat_xadd"]["calls"] > 100
    client.client_setname("python")
    mine = [each for each in client.client_list() if each["name"] == "python"]
    assert len(mine) == 1 and int(mine[0]["id"]) == client.client_id()
    assert client.config_get("maxclients") == {"maxclients": "10000"}
    assert "appendonly" in client.config_get()
    assert client.config_set("timeout", 100) and client.config_get("timeout")["timeout"] == "100"
    assert sorted(client.scan_iter()) == sorted(client.keys()) == ["b", "p", "s"]
    assert client.type("s") == "stream"
    assert "xadd" in client.command()
    assert client.delete("p") == 1 and client.flushall() and client.dbsize() == 0


def main():
    port = int(sys.argv[1])
    client = redis.Redis(port=port, decode_responses=True)
    assert client.ping()
    streams(client)
    blocking_read(client, port)
    messages(client)
    pipelines(client)
    transactions(client)
    looking_around(client)
    client.close()
    print("ok")


main()

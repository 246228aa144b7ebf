#!/usr/bin/python3
"""redis-py over TLS: port, authority, certificate and key are given.  Prints "ok" at the end."""
import sys

import redis

port, authority, certificate, key = int(sys.argv[1]), *sys.argv[2:5]
client = redis.Redis(port=port, ssl=True, ssl_ca_certs=authority, ssl_certfile=certificate,
                     ssl_keyfile=key, ssl_cert_reqs="required", ssl_check_hostname=True)
big = bytes(range(256)) * 20_000
entry = client.xadd("big", {"f": big})
assert client.xrange("big") == [(entry, {b"f": big})]

pipeline = client.pipeline(transaction=False)
for n in range(10_000):
    pipeline.xadd("p", {"n": n}, id=f"{n + 1}-0")
assert pipeline.execute() == [b"%d-0" % (n + 1) for n in range(10_000)]
assert client.xread({"p": "$"}, block=10) == []

stranger = redis.Redis(port=port, ssl=True, ssl_ca_certs=authority)
try:
    stranger.ping()
    raise AssertionError("a client without a certificate got in")
except redis.ConnectionError:
    pass
print("ok")

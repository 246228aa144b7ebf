#!/usr/bin/python3
"""redis-py as the user "worker", who may work on jobs*, against the server on the port given.

Prints "ok" at the end; an assertion that fails is the failure of the test.
"""
import sys

import redis


def main():
    port = int(sys.argv[1])
    client = redis.Redis(port=port, username="worker", password="secret", decode_responses=True)
    client.xgroup_create("jobs", "g", mkstream=True)
    client.xadd("jobs", {"n": "1"})
    [[name, entries]] = client.xreadgroup("g", "c", {"jobs": ">"})
    assert name == "jobs" and client.xack("jobs", "g", entries[0][0]) == 1

    for denied in (lambda: client.xlen("other"), lambda: client.flushall(),
                   lambda: client.publish("news", "m")):
        try:
            denied()
        except redis.exceptions.NoPermissionError:
            continue
        raise AssertionError("it was allowed")

    wrong = redis.Redis(port=port, username="worker", password="wrong")
    try:
        wrong.ping()
    except (redis.exceptions.AuthenticationError, redis.exceptions.ResponseError):
        pass
    else:
        raise AssertionError("a wrong password was taken")

    admin = redis.Redis(port=port, password="root", decode_responses=True)
    assert admin.acl_whoami() == "default"
    assert admin.acl_users() == ["default", "worker"]
    user = admin.acl_getuser("worker")
    assert user["enabled"] and user["keys"] == ["~jobs*"] or user["keys"] == "~jobs*", user
    assert admin.acl_setuser("new", enabled=True, passwords=["+pw"], keys=["a*"], commands=["+xlen"])
    assert redis.Redis(port=port, username="new", password="pw").xlen("a") == 0
    assert [entry["reason"] for entry in admin.acl_log()][0] == "auth"
    assert admin.acl_deluser("new") == 1
    print("ok")


main()

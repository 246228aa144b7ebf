"""Runs prometheus-redis-exporter against the server at the port of argv[1], scrapes it once, and
prints the metrics.  What the exporter logged goes to standard error."""

import os
import socket
import subprocess
import sys
import time
import urllib.request


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def scrape(port, patience_s):
    """The metrics, as soon as the exporter listens."""
    deadline = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as page:
                return page.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


port = free_port()
exporter = subprocess.Popen(
    ["prometheus-redis-exporter", "-redis.addr", f"redis://127.0.0.1:{sys.argv[1]}",
     "-web.listen-address", f"127.0.0.1:{port}", "-check-streams", "*", "-check-keys", "*",
     "-export-client-list", "-debug"],
    stderr=sys.stderr)
try:
    print(scrape(port, 10 * float(os.environ.get("WEIR_TEST_PATIENCE", "1"))))
finally:
    exporter.kill()
    exporter.wait()

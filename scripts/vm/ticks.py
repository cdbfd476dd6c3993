#!/usr/bin/env python3
"""Reads numbered lines from the pyserver over one connection until a file named in the second argument appears, then
prints the longest silence in milliseconds. Fails where the connection ends, or a line is missing, twice or out of
order. usage: ticks.py PORT STOP"""
import os
import socket
import sys
import time

port, stop = int(sys.argv[1]), sys.argv[2]
connection = socket.create_connection(("127.0.0.1", port))
connection.sendall(b"GET /ticks?interval_ms=20 HTTP/1.1\r\nHost: guest\r\n\r\n")
stream = connection.makefile("rb")
while stream.readline() not in (b"\r\n", b""):
    pass
expected, last, longest = 1, None, 0.0
while not os.path.exists(stop):
    # A chunk: its length, the line, an empty line.
    stream.readline()
    line = stream.readline()
    stream.readline()
    now = time.monotonic()
    if int(line or 0) != expected:
        sys.exit("ticks: %r came instead of %d" % (line, expected))
    if last is not None:
        longest = max(longest, now - last)
    expected, last = expected + 1, now
print("%.0f" % (longest * 1000))

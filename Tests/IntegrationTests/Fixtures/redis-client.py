"""Counts and writes on a few connections that are never opened anew, until it is told to end; then it compares all.

usage: redis-client.py PORT. Ends at SIGTERM. Prints `counting` once all connections work, and in the end `ok` and how
many answers there were, or what was wrong.
"""
import os
import signal
import socket
import sys
import threading

CONNECTIONS = 4
KEYS = 300
stop = threading.Event()
failures = []
counts = [0] * CONNECTIONS
tables = [{} for _ in range(CONNECTIONS)]


class Connection:
    def __init__(self):
        self.socket = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        self.reader = self.socket.makefile("rb")

    def ask(self, *words):
        request = b"*%d\r\n" % len(words)
        for word in words:
            request += b"$%d\r\n%s\r\n" % (len(word), word)
        self.socket.sendall(request)
        line = self.reader.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("the connection ended")
        if line[:1] == b"$":
            return self.reader.read(int(line[1:]) + 2)[:-2]
        return line[:-2]


def work(number):
    try:
        connection = Connection()
        while not stop.is_set():
            counts[number] += 1
            answer = connection.ask(b"INCR", b"counter:%d" % number)
            if answer != b":%d" % counts[number]:
                raise ValueError("count %d was answered with %r" % (counts[number], answer))
            key = b"key:%d:%d" % (number, counts[number] % KEYS)
            value = os.urandom(50).hex().encode()
            if connection.ask(b"SET", key, value) != b"+OK":
                raise ValueError("SET failed")
            tables[number][key] = value
            if counts[number] == 1:
                sys.stdout.write("counting\n")
                sys.stdout.flush()
        for key, value in tables[number].items():
            if connection.ask(b"GET", key) != value:
                raise ValueError("%r has another value" % key)
    except Exception as error:
        failures.append("connection %d: %s: %s" % (number, type(error).__name__, error))


def main():
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    threads = [threading.Thread(target=work, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)
    print("\n".join(failures) or "ok %d" % sum(counts))


main()

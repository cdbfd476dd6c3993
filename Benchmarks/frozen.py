#!/usr/bin/env python3
"""How long the container stands still at the source of a move, against a dump that carries its pages nowhere.

From the last thing that a client receives, which receives something every 5 ms, to the end of the container's process
(a pidfd): then the move has everything at the destination, confirmed. Each turn has a new server. The ways:
  sink         runc checkpoint --page-server, into a page server that reads everything and throws it away
  held         bundletool migrate --predump: CRIU dumps all but the memory, which bundletool compares and sends
  page-server  bundletool migrate --predump, with the pages sent by CRIU to bundletool's page server
  copy         bundletool migrate: without rounds before, all memory crosses and is written at the destination

usage: Benchmarks/frozen.py [--runs N] [--sizes 64,300,1000]
Needs root, runc, and a CRIU that fits the kernel; BUNDLETOOL names the binary. Everything is removed again, also when
interrupted.
"""
import argparse
import ctypes
import os
import select
import signal
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time

from pyserver import Server, TOOL

WAYS = ("sink", "held", "page-server", "copy")


class Sink:
    """CRIU's page server (criu/page-xfer.c), without a use for the pages."""

    OPEN2, ADD_F, CLOSE = 4, 6, 0x1023
    PRESENT = 4

    def __init__(self):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.pages = 0
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        connection, _ = self.listening.accept()
        buffer = bytearray(1 << 20)
        with connection:
            while True:
                header = connection.recv(32, socket.MSG_WAITALL)
                if len(header) < 32:
                    return
                command, _, pages, _, _ = struct.unpack("<IIQQQ", header)
                operation, flags = command & 0xFFFF, command >> 16
                if operation == self.OPEN2:
                    connection.sendall(b"\0")
                elif operation == self.ADD_F and flags & self.PRESENT:
                    missing = pages * 4096
                    while missing:
                        missing -= connection.recv_into(buffer, min(missing, len(buffer)))
                    self.pages += pages
                elif operation == self.CLOSE:
                    connection.sendall(struct.pack("<i", 0))
                    return


def stop(server, way):
    """Does it; returns when it is done."""
    if way != "sink":
        options = [] if way == "copy" else ["--predump", "--dump-method", way]
        done = subprocess.run(server.migrate_words(*options), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode:
            raise RuntimeError(done.stderr.decode())
        return
    sink = Sink()
    server.runc("checkpoint", "--tcp-established", "--file-locks", "--image-path", server.folder + "/images",
                "--work-path", server.folder + "/work", "--page-server", "127.0.0.1:%d" % sink.port, server.id)
    sink.thread.join()
    if sink.pages * 4096 < server.megabytes * 1_000_000:
        raise RuntimeError("the sink has seen %d pages only" % sink.pages)


def frozen_seconds(megabytes, way):
    with Server(megabytes) as server:
        process = os.pidfd_open(server.pid())
        ended = []

        def watch():
            select.select([process], [], [])
            ended.append(time.monotonic())

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        client = server.client()
        with client:
            stop(server, way)
            watcher.join()
            # After a dump into the sink nobody is there any more to send.
            client.leave()
        os.close(process)
        return ended[0] - max(arrival for arrival in client.arrivals if arrival < ended[0])


def enter_own_network():
    """A network namespace with nothing but a loopback: the rules by which CRIU keeps a dumped container's connections
    quiet would be removed by a restore, and a container in the sink has none. They go with the namespace."""
    new_network = 0x40000000  # CLONE_NEWNET
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_network):
        sys.exit("error: cannot make a network namespace: %s" % os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def main():
    options = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--sizes", default="64,300,1000")
    options = options.parse_args()
    if not os.access(TOOL, os.X_OK):
        sys.exit("error: %s is not there: run make build, or set BUNDLETOOL" % TOOL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    enter_own_network()
    print("%9s  %-12s %11s %9s" % ("SIZE", "WAY", "MEDIAN", "OF SINK"), flush=True)
    for size in map(int, options.sizes.split(",")):
        times = {way: [] for way in WAYS}
        for _ in range(options.runs):
            for way in WAYS:
                times[way].append(frozen_seconds(size, way))
        medians = {way: statistics.median(times[way]) for way in WAYS}
        for way in WAYS:
            print("%6d MB  %-12s %8.0f ms %9.2f" % (
                size, way, medians[way] * 1e3, medians[way] / medians["sink"]), flush=True)


if __name__ == "__main__":
    main()

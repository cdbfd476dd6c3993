#!/usr/bin/env python3
"""How a move with --predump grows: with the container's size, and with what it rewrites meanwhile.

For each case: the longest silence of a client that receives something every 5 ms, the floor beside it, and the peak of
memory of bundletool's processes together (both ends of a local move are one process; a lazy restore's page server and its
twin), looked at every 20 ms. The pages of files, nearly all of them the program's, are counted where most are resident:
the processes share them.
The floor is what no copy can be faster than: runc's checkpoint and restore of the same server with 1 MB, reading all
pages once with process_vm_readv(2), and the bytes that crossed while it was stopped at the link's rate.

usage: Benchmarks/growth.py [--sizes 64,300,1000,4000] [--percents 0,10,50,100] [--rates 100MB/s,100Mbit/s] [--plot FILE]
Sizes are measured idle and without a limit, percents with 300 MB and each rate. Needs root, runc, and a CRIU that fits
the kernel; BUNDLETOOL names the binary. Everything is removed again, also when interrupted.
"""
import argparse
import ctypes
import json
import math
import os
import signal
import subprocess
import sys
import threading
import time

from pyserver import Server, TOOL, bytes_per_second


def children(pid):
    """Processes of bundletool itself that a migration starts: their names begin with `pages-`, or they run its binary."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/%s/comm" % name) as file:
                    if file.read().startswith("pages-"):
                        found.append(int(name))
            except OSError:
                pass
    return found


def resident(pid):
    """Bytes of a process's own memory, and of files."""
    sizes = {}
    try:
        with open("/proc/%d/status" % pid) as file:
            for line in file:
                if line.startswith("Rss"):
                    name, size = line.split()[:2]
                    sizes[name] = int(size) * 1024
    except OSError:
        pass
    return sizes.get("RssAnon:", 0) + sizes.get("RssShmem:", 0), sizes.get("RssFile:", 0)


def watched_move(server, rate):
    """Moves it; returns the report and the peak of memory in bytes."""
    words = server.migrate_words("--predump", *(["--bandwidth", rate] if rate else []))
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    peak = 0
    watching = threading.Event()

    def watch():
        nonlocal peak
        while not watching.is_set():
            sizes = [resident(pid) for pid in [process.pid] + children(process.pid)]
            peak = max(peak, sum(own for own, _ in sizes) + max(files for _, files in sizes))
            time.sleep(0.02)

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, errors = process.communicate()
    watching.set()
    watcher.join()
    if process.returncode:
        raise RuntimeError(errors.decode())
    return json.loads(output), peak


class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def reading_time(pid):
    """Seconds for all private writable memory of a process, 1 MiB at a time."""
    libc = ctypes.CDLL(None, use_errno=True)
    size = 1 << 20
    buffer = ctypes.create_string_buffer(size)
    local = Vector(ctypes.addressof(buffer), size)
    ranges = []
    with open("/proc/%d/maps" % pid) as maps:
        for line in maps:
            span, rights = line.split()[:2]
            if rights.startswith("rw") and rights.endswith("p"):
                ranges.append(tuple(int(x, 16) for x in span.split("-")))
    began = time.monotonic()
    for start, end in ranges:
        for place in range(start, end, size):
            remote = Vector(place, min(size, end - place))
            libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    return time.monotonic() - began


def empty_move():
    """The silence of runc's own checkpoint and restore of a server with 1 MB, in seconds."""
    with Server(1) as server:
        images = server.folder + "/images"
        with server.client() as client:
            began = time.monotonic()
            server.runc("checkpoint", "--tcp-established", "--file-locks", "--image-path", images, "--work-path",
                        images + "-work", server.id)
            server.runc("restore", "--detach", "--tcp-established", "--file-locks", "--bundle",
                        server.folder + "/pyserver2", "--image-path", images, "--work-path", images + "-work", server.id)
        return client.longest_silence(began)


def one(megabytes, percent, rate, empty):
    with Server(megabytes, percent) as server:
        reading = reading_time(server.pid())
        with server.client() as client:
            began = time.monotonic()
            report, memory = watched_move(server, rate)
        gap = client.longest_silence(began)
        server.check()
    crossed = report["frozenBytes"]
    floor = empty + reading + (crossed / bytes_per_second(rate) if rate else 0)
    print("%6d MB %4d %%/s %10s %8.0f ms %8.0f ms %6.2f %10.1f MB %4d %8.1f MB" % (
        megabytes, percent, rate or "-", gap * 1e3, floor * 1e3, gap / floor, crossed / 1e6,
        len(report["rounds"]), memory / 1e6), flush=True)
    return gap, memory


def plot(path, points):
    """Two curves over the size: the gap, and the peak of memory with its bound of 64 MB + 1 %."""
    width, height, left = 420, 220, 60
    least, most = min(point[0] for point in points), max(point[0] for point in points)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">'
             % (width * 2 + 40, height + 60), '<rect width="100%" height="100%" fill="white"/>']
    panels = [("client's longest silence, ms", [(s, g * 1e3) for s, g, _ in points], None),
              ("peak memory of bundletool, MB", [(s, m / 1e6) for s, _, m in points],
               [(s, 64 + s / 100) for s, _, _ in points])]
    for number, (title, curve, bound) in enumerate(panels):
        x0 = number * (width + 20)
        top = max(value for _, value in curve + (bound or [])) * 1.1

        def place(share, value):
            return "%.1f,%.1f" % (x0 + left + share * (width - left - 20), 30 + height - value / top * height)

        def at(point):
            # Each doubling is as wide as the one before.
            return place(0.05 + 0.9 * math.log(point[0] / least) / max(math.log(most / least), 1e-9), point[1])
        parts.append('<text x="%d" y="18">%s</text>' % (x0 + left, title))
        parts.append('<path d="M%s L%s L%s" fill="none" stroke="#888"/>' % (place(0, top), place(0, 0), place(1, 0)))
        for size, value in curve:
            x, y = at((size, value)).split(",")
            parts.append('<circle cx="%s" cy="%s" r="3" fill="#06c"/>' % (x, y))
            parts.append('<text x="%s" y="%.1f" text-anchor="middle">%.0f</text>' % (x, float(y) - 8, value))
            parts.append('<text x="%s" y="%d" text-anchor="middle" fill="#555">%d</text>' % (x, height + 46, size))
        parts.append('<polyline points="%s" fill="none" stroke="#06c"/>' % " ".join(map(at, curve)))
        if bound:
            parts.append('<polyline points="%s" fill="none" stroke="#c60" stroke-dasharray="4"/>' % " ".join(map(at, bound)))
    parts.append('<text x="%d" y="%d" fill="#555">size of the server, MB (logarithmic)</text></svg>' % (left, height + 58))
    with open(path, "w") as file:
        file.write("\n".join(parts) + "\n")


def main():
    options = argparse.ArgumentParser(usage=__doc__.split("usage: ")[1].split("\n")[0])
    options.add_argument("--sizes", default="64,300,1000")
    options.add_argument("--percents", default="0,10,50,100")
    options.add_argument("--rates", default="100MB/s,100Mbit/s")
    options.add_argument("--plot")
    options = options.parse_args()
    if not os.access(TOOL, os.X_OK):
        sys.exit("error: %s is not there: run make build, or set BUNDLETOOL" % TOOL)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    empty = sorted(empty_move() for _ in range(3))[1]
    print("runc's checkpoint and restore of a server with 1 MB: %.0f ms" % (empty * 1e3))
    print("%9s %8s %10s %11s %11s %6s %13s %4s %11s" % (
        "SIZE", "DIRTY", "RATE", "GAP", "FLOOR", "RATIO", "FROZEN", "RND", "MEMORY"), flush=True)
    points = []
    for size in map(int, filter(None, options.sizes.split(","))):
        points.append((size,) + one(size, 0, None, empty))
    for rate in filter(None, options.rates.split(",")):
        for percent in map(int, filter(None, options.percents.split(","))):
            one(300, percent, rate, empty)
    if options.plot and points:
        plot(options.plot, points)


if __name__ == "__main__":
    main()

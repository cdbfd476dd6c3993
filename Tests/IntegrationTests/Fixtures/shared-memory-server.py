"""Two processes with 20 MB of random bytes in shared memory of each kind, of which a child rewrites a few pages all the
time.

/checksum  nothing but a sign of life
/check     `ok` and how often the pages were rewritten, or what is not as it has to be
/segment   from now on there is one more object: a System V segment that nobody is attached to
"""
import ctypes
import hashlib
import mmap
import os
import socket
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
PAGE = 4096
SIZE = 4 << 20
REWRITTEN = range(100 * PAGE, 108 * PAGE, PAGE)


def digest(shared):
    """Of all that is not rewritten; a copy would be memory of its own."""
    view = memoryview(shared).cast("B")
    result = hashlib.sha256(view[:REWRITTEN.start])
    result.update(view[REWRITTEN.stop:])
    return result.digest()


def segment():
    number = libc.shmget(0, SIZE, 0o1600)
    return (ctypes.c_char * SIZE).from_address(libc.shmat(number, None, 0))


def memfd():
    descriptor = os.memfd_create("shared")
    os.ftruncate(descriptor, SIZE)
    return mmap.mmap(descriptor, SIZE)


ZERO = os.open("/dev/zero", os.O_RDWR)
OBJECTS = {
    "anonymous": mmap.mmap(-1, SIZE, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
    "memfd": memfd(),
    "System V": segment(),
    "/dev/zero": mmap.mmap(ZERO, SIZE, flags=mmap.MAP_SHARED),
}
os.close(ZERO)
for shared in OBJECTS.values():
    for start in range(0, SIZE, PAGE):
        shared[start:start + PAGE] = os.urandom(PAGE)
DIGESTS = [digest(shared) for shared in OBJECTS.values()]
UNMAPPED = os.memfd_create("unmapped")
UNMAPPED_DIGEST = hashlib.sha256()
for _ in range(SIZE // PAGE):
    page = os.urandom(PAGE)
    os.write(UNMAPPED, page)
    UNMAPPED_DIGEST.update(page)
# Most of it is never touched.
SPARSE = mmap.mmap(-1, 64 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
SPARSE[50 << 20] = 7

# The number of a segment that nobody is attached to, and its digest.
UNATTACHED = []

ASK, ANSWER = socket.socketpair()


def leave_segment():
    number = libc.shmget(0, SIZE, 0o1600)
    address = libc.shmat(number, None, 0)
    contents = os.urandom(SIZE)
    ctypes.memmove(address, contents, SIZE)
    libc.shmdt(ctypes.c_void_p(address))
    UNATTACHED.append((number, hashlib.sha256(contents).digest()))


def segment_digest(number):
    address = libc.shmat(number, None, 0o10000)
    found = hashlib.sha256(ctypes.string_at(address, SIZE)).digest()
    libc.shmdt(ctypes.c_void_p(address))
    return found


def rewrite():
    """Writes a new number into the pages, until it is asked for the number, and told to go on."""
    number = 0
    ANSWER.settimeout(0.01)
    while True:
        number += 1
        for shared in OBJECTS.values():
            for start in REWRITTEN:
                shared[start:start + PAGE] = number.to_bytes(8, "little") * (PAGE // 8)
        try:
            if not ANSWER.recv(1):
                os._exit(0)
        except TimeoutError:
            continue
        ANSWER.send(number.to_bytes(8, "little"))
        ANSWER.settimeout(None)
        ANSWER.recv(1)
        ANSWER.settimeout(0.01)


def check():
    ASK.send(b"?")
    number = ASK.recv(8)
    try:
        for before, (name, shared) in zip(DIGESTS, OBJECTS.items()):
            rewritten = [bytes(shared[start:start + PAGE]) for start in REWRITTEN]
            if digest(shared) != before or rewritten != [number * (PAGE // 8)] * len(REWRITTEN):
                return name + " differs"
        found = hashlib.sha256()
        for start in range(0, SIZE + 1, PAGE):
            found.update(os.pread(UNMAPPED, PAGE, start))
        if found.digest() != UNMAPPED_DIGEST.digest():
            return "the memfd that is not mapped differs"
        if SPARSE[50 << 20] != 7 or SPARSE[10 << 20:11 << 20].strip(b"\0"):
            return "the object with holes differs"
        if any(segment_digest(number) != before for number, before in UNATTACHED):
            return "the segment that nobody is attached to differs"
        return f"ok {int.from_bytes(number, 'little')}"
    finally:
        ASK.send(b"!")


if os.fork() == 0:
    rewrite()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/segment":
            leave_segment()
        body = check() if self.path == "/check" else "here"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *arguments):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PYSERVER_PORT"])), Handler).serve_forever()

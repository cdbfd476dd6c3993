"""Two processes with 20 MB of random bytes in shared memory of each kind, of which a child rewrites a few pages all the
time.

/checksum  nothing but a sign of life
/check     `ok` and how often the pages were rewritten, or what is not as it has to be
/segment   from now on there is one more object: a System V segment that nobody is attached to
/send      from now on there is one more: a memfd that is on its way through a socket, and nowhere else
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


def segment(size=SIZE):
    number = libc.shmget(0, size, 0o1600)
    return (ctypes.c_char * SIZE).from_address(libc.shmat(number, None, 0))


def memfd(size=SIZE):
    descriptor = os.memfd_create("shared")
    # mmap would not map more than there is.
    os.ftruncate(descriptor, SIZE)
    mapping = mmap.mmap(descriptor, SIZE)
    os.ftruncate(descriptor, size)
    return mapping


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

# Each ends within a page, of which the rest can be written to as well.
ODD = SIZE - PAGE + 100
TAILS = {"segment": segment(ODD), "memfd": memfd(ODD)}
for shared in TAILS.values():
    shared[SIZE - 300:SIZE - 296] = b"tail"
# Nobody ever writes to these.
UNTOUCHED = [mmap.mmap(-1, SIZE, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS), memfd(), segment(SIZE)]
EMPTY = os.memfd_create("empty")
# The numbers of segments that nobody is attached to, and their digests.
UNATTACHED = []
# The two ends of a socket with a memfd in it, and its digest.
SENT = []

ASK, ANSWER = socket.socketpair()


def leave_segment():
    number = libc.shmget(0, SIZE, 0o1600)
    address = libc.shmat(number, None, 0)
    contents = os.urandom(SIZE)
    ctypes.memmove(address, contents, SIZE)
    libc.shmdt(ctypes.c_void_p(address))
    UNATTACHED.append((number, hashlib.sha256(contents).digest()))


def send():
    ends = socket.socketpair()
    contents = os.urandom(SIZE)
    descriptor = os.memfd_create("sent")
    os.write(descriptor, contents)
    socket.send_fds(ends[0], [b"memfd"], [descriptor])
    os.close(descriptor)
    SENT.append((ends, hashlib.sha256(contents).digest()))


def sent_digest(ends):
    """Of what comes out of the socket, and goes into it again."""
    (descriptor,) = socket.recv_fds(ends[1], 16, 1)[1]
    found = hashlib.sha256(os.pread(descriptor, SIZE, 0)).digest()
    socket.send_fds(ends[0], [b"memfd"], [descriptor])
    os.close(descriptor)
    return found


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
        if any(sent_digest(ends) != before for ends, before in SENT):
            return "the memfd on its way differs"
        for name, shared in TAILS.items():
            if shared[SIZE - 300:SIZE - 296] != b"tail":
                return "what is behind the end of the " + name + " differs"
        if any(bytes(shared[:]).strip(b"\0") for shared in UNTOUCHED):
            return "what nobody has written to is not empty"
        return f"ok {int.from_bytes(number, 'little')}"
    finally:
        ASK.send(b"!")


if os.fork() == 0:
    rewrite()
# Nobody waits for this one.
if os.fork() == 0:
    os._exit(0)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/segment":
            leave_segment()
        if self.path == "/send":
            send()
        body = check() if self.path == "/check" else "here"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *arguments):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PYSERVER_PORT"])), Handler).serve_forever()

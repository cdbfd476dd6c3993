"""A server that changes its memory map, and knows what has to be in it.

/check   what is not as it was filled, by name; nothing where all is well
/change  throws pages away, moves, unmaps and forks, and then the same check
"""
import mmap
import os
import random
from http.server import BaseHTTPRequestHandler, HTTPServer

SIZE = 4 << 20
HALF = SIZE // 2
PRIVATE = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


def contents(seed):
    return random.Random(seed).randbytes(SIZE)


def make(seed):
    region = mmap.mmap(-1, SIZE, flags=PRIVATE)
    region[:] = contents(seed)
    return region


class Memory:
    def __init__(self):
        self.names = ["thrown", "moved", "unmapped", "forked", "child", "still"]
        self.regions = {name: make(name) for name in self.names}
        self.expected = {name: lambda name=name: contents(name) for name in self.names}

    def wrong(self):
        return [name for name, region in self.regions.items() if region[:] != self.expected[name]()]

    def change(self):
        # Threw away and never read: zeros, and nothing that was there before.
        self.regions["thrown"].madvise(mmap.MADV_DONTNEED, HALF, HALF)
        self.expected["thrown"] = lambda: contents("thrown")[:HALF] + bytes(HALF)
        # Moves, as there is no room behind it, and grows.
        self.regions["moved"].resize(3 * SIZE)
        self.expected["moved"] = lambda: contents("moved") + bytes(2 * SIZE)
        # The kernel gives the same place again.
        self.regions["unmapped"].close()
        self.regions["unmapped"] = mmap.mmap(-1, SIZE, flags=PRIVATE)
        self.expected["unmapped"] = lambda: bytes(SIZE)
        return self.in_child() + self.wrong()

    def in_child(self):
        """A child reads what its parent has not read yet, throws away some of it, and writes; the parent sees nothing."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            self.regions["child"].madvise(mmap.MADV_DONTNEED, 0, HALF)
            self.regions["forked"][HALF:HALF + 4096] = bytes(4096)
            wrong = []
            if self.regions["child"][:] != bytes(HALF) + contents("child")[HALF:]:
                wrong.append("thrown away in the child")
            if self.regions["still"][:] != contents("still"):
                wrong.append("read in the child")
            os.write(writer, ",".join(wrong).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as answers:
            answer = answers.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return [answer] * bool(answer) + ["status %d" % status] * (status != 0)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        memory = self.server.memory
        body = "\n".join(memory.change() if self.path == "/change" else memory.wrong())
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *arguments):
        pass


def main():
    server = HTTPServer(("127.0.0.1", int(os.environ["PYSERVER_PORT"])), Handler)
    server.memory = Memory()
    server.serve_forever()


main()

"""A server with 30 MB of zeros, 16 MB of one page over and over, and 8 MB of random bytes twice.

/checksum  a digest of all of it
"""
import hashlib
import mmap
import os
from http.server import BaseHTTPRequestHandler, HTTPServer

# Written, so that the kernel has to keep them.
ZEROS = bytearray(b"\1") * (30 << 20)
ZEROS[:] = bytes(len(ZEROS))
EQUAL = os.urandom(4096) * 4096
ONCE, TWICE = [mmap.mmap(-1, 8 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2)]
ONCE[:] = os.urandom(8 << 20)
TWICE[:] = ONCE[:]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = hashlib.sha256(ZEROS + EQUAL + ONCE[:] + TWICE[:]).hexdigest()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *arguments):
        pass


HTTPServer(("127.0.0.1", int(os.environ["PYSERVER_PORT"])), Handler).serve_forever()

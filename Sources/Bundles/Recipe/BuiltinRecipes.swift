// Made by scripts/embed-recipes.sh from fixtures/pyserver: change those, not this.

/// A recipe that the tool carries with it.
struct BuiltinRecipe: Sendable {
    let recipe: String
    /// The files beside the recipe.
    let files: [String: String]

    static let all = ["pyserver": BuiltinRecipe(recipe: pyserver, files: ["server.py": server])]

    private static let pyserver = #####"""
        {
            "from": [
                "store:pyserver",
                "store:python:3-slim",
                "store:python:3.13-slim",
                "store:python:3.12-slim",
                "tar:${cache}/python-rootfs.tar.gz"
            ],
            "missing": "'make setup' or fixtures/python-rootfs.sh builds the last one",
            "files": [
                { "path": "/srv/server.py", "source": "server.py", "mode": "0755" }
            ],
            "config": {
                "terminal": false,
                "args": ["python3", "server.py"],
                "cwd": "/srv",
                "env": {
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "PYSERVER_MB": "300",
                    "PYSERVER_PORT": "8000"
                },
                "namespaces": { "network": "host" },
                "hostname": "pyserver"
            }
        }

        """#####

    private static let server = #####"""
        #!/usr/bin/env python3
        """The server of the experiment: holds random bytes in memory and answers each GET with 15 packets, one a second.

        usage: server.py [MEGABYTES [PORT]]; or PYSERVER_MB (300), PYSERVER_PORT (8000), PYSERVER_BIND (0.0.0.0).

        /checksum  the digest of the bytes as they are now, their number, and how many requests were answered
        /time      the server's clock; ask again on the same connection as often as you like
        /ticks?interval_ms=5&count=1000  numbered lines, one each interval, until the count or the client's end
        /dirty?percent_per_s=10          rewrites that share of the bytes each second from now on; 0 stops
        """
        import hashlib
        import json
        import mmap
        import os
        import socket
        import sys
        import threading
        import time
        from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
        from urllib.parse import parse_qs, urlsplit

        PACKETS = 15
        CHUNK = 1 << 20


        class State:
            def __init__(self, megabytes):
                self.size = megabytes * 1000 * 1000
                # Private and anonymous: what a program's own memory is.
                self.garbage = mmap.mmap(-1, max(self.size, 1), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
                for start in range(0, self.size, CHUNK):
                    end = min(start + CHUNK, self.size)
                    self.garbage[start:end] = os.urandom(end - start)
                self.lock = threading.Lock()
                self.answered = 0
                self.requests = 0
                self.dirty_percent = 0.0
                self.dirty_thread = None

            def next_request(self):
                with self.lock:
                    self.requests += 1
                    return self.requests

            def count(self):
                with self.lock:
                    self.answered += 1

            def checksum(self):
                digest = hashlib.sha256()
                for start in range(0, self.size, CHUNK):
                    digest.update(self.garbage[start:min(start + CHUNK, self.size)])
                with self.lock:
                    answered = self.answered
                return {"sha256": digest.hexdigest(), "bytes": self.size, "requests": answered}

            def set_dirty(self, percent):
                with self.lock:
                    self.dirty_percent = percent
                    if percent > 0 and self.dirty_thread is None:
                        self.dirty_thread = threading.Thread(target=self._rewrite, daemon=True)
                        self.dirty_thread.start()

            def _rewrite(self):
                """Rewrites in 20 steps a second, going round, a page at a time."""
                pages = self.size // 4096
                page, owed, last = 0, 0.0, time.monotonic()
                while True:
                    time.sleep(0.05)
                    now = time.monotonic()
                    with self.lock:
                        percent = self.dirty_percent
                        if percent <= 0 or pages == 0:
                            self.dirty_thread = None
                            return
                    # A container that was frozen owes nothing for that time.
                    owed += min(now - last, 0.2) * percent / 100 * pages
                    last = now
                    while owed >= 1:
                        count = min(int(owed), 256, pages - page)
                        self.garbage[page * 4096:(page + count) * 4096] = os.urandom(count * 4096)
                        page = (page + count) % pages
                        owed -= count


        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self):
                url = urlsplit(self.path)
                query = {name: values[-1] for name, values in parse_qs(url.query).items()}
                try:
                    if url.path == "/checksum":
                        self.answer(json.dumps(self.server.state.checksum()) + "\n", "application/json")
                    elif url.path == "/time":
                        self.answer("%.6f\n" % time.time())
                    elif url.path == "/ticks":
                        interval = float(query.get("interval_ms", "5")) / 1000
                        count = int(query.get("count", "0"))
                        self.ticks(interval, count)
                    elif url.path == "/dirty":
                        percent = float(query.get("percent_per_s", "0"))
                        self.server.state.set_dirty(percent)
                        self.answer("%g\n" % percent)
                    else:
                        self.packets()
                except ValueError as error:
                    self.send_error(400, str(error))
                    return
                except (BrokenPipeError, ConnectionResetError, socket.timeout):
                    self.close_connection = True
                    return
                self.server.state.count()

            def answer(self, text, kind="text/plain"):
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def packets(self):
                """`[request.packet] HH:MM:SS`: a reader sees at once whether one is missing, twice, or out of order."""
                request = self.server.state.next_request()
                self.start_chunks()
                for packet in range(1, PACKETS + 1):
                    if packet > 1:
                        time.sleep(1)
                    self.chunk("[%d.%d] %s\n" % (request, packet, time.strftime("%H:%M:%S")))
                self.chunk("")

            def ticks(self, interval, count):
                self.start_chunks()
                tick = 0
                due = time.monotonic()
                while count <= 0 or tick < count:
                    tick += 1
                    self.chunk("%d\n" % tick)
                    now = time.monotonic()
                    # After a pause the ticks go on at their pace; they do not catch up.
                    due = max(due + interval, now)
                    time.sleep(due - now)
                self.chunk("")

            def start_chunks(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()

            def chunk(self, text):
                data = text.encode()
                self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                self.wfile.flush()

            def log_message(self, format, *arguments):
                """Says nothing: where standard output goes is the container's business."""


        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def server_bind(self):
                # HTTPServer would look its own name up in the DNS.
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                self.socket.bind(self.server_address)
                self.server_address = self.socket.getsockname()
                self.server_name, self.server_port = self.server_address[:2]

            def handle_error(self, request, client_address):
                """A client that goes away is nothing to report."""


        def main():
            megabytes = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("PYSERVER_MB", "300"))
            port = int(sys.argv[2] if len(sys.argv) > 2 else os.environ.get("PYSERVER_PORT", "8000"))
            # The port opens only once the memory is full: a client that gets through measures the real thing.
            state = State(megabytes)
            server = Server((os.environ.get("PYSERVER_BIND", "0.0.0.0"), port), Handler)
            server.state = state
            server.serve_forever()


        if __name__ == "__main__":
            main()

        """#####
}

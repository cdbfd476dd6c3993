"""A server of several processes: workers with memory of their own, memory that all share, pipes between them.

/checksum  a line from the server and from each worker: digests of its own memory and of the shared one
/write     has the first worker write into the shared memory
"""
import hashlib
import mmap
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

WORKERS = 3
SHARED = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS)
SHARED[:] = os.urandom(len(SHARED))


def describe(name, own):
    return "%s %s %s" % (name, hashlib.sha256(own).hexdigest(), hashlib.sha256(SHARED).hexdigest())


def work(number, questions, answers):
    own = bytearray(os.urandom(3 << 20))
    while True:
        question = questions.readline()
        if not question:
            os._exit(0)
        if question == "write\n":
            SHARED[1 << 20:(1 << 20) + 4096] = os.urandom(4096)
        answers.write(describe("worker%d" % number, own) + "\n")
        answers.flush()


class Worker:
    def __init__(self, number):
        question, self.questions = os.pipe()
        self.answers, answer = os.pipe()
        if os.fork() == 0:
            os.close(self.questions)
            os.close(self.answers)
            work(number, os.fdopen(question), os.fdopen(answer, "w"))
        os.close(question)
        os.close(answer)
        self.questions = os.fdopen(self.questions, "w")
        self.answers = os.fdopen(self.answers)

    def ask(self, question):
        self.questions.write(question + "\n")
        self.questions.flush()
        return self.answers.readline()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/write":
            body = self.server.workers[0].ask("write")
        else:
            body = describe("server", self.server.own) + "\n" + "".join(w.ask("sum") for w in self.server.workers)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *arguments):
        pass


def main():
    workers = [Worker(number) for number in range(WORKERS)]
    server = HTTPServer(("127.0.0.1", int(os.environ["PYSERVER_PORT"])), Handler)
    server.workers = workers
    server.own = os.urandom(3 << 20)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    thread.join()


main()

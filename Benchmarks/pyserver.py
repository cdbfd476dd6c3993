"""What the benchmarks that are written in Python share: a pyserver that can be moved, and its client."""
import json
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOOL = os.environ.get("BUNDLETOOL", ROOT + "/.build/release/bundletool")
CACHE = os.environ.get("BUNDLETOOL_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bundletool")
CRIU = os.environ.get("BUNDLETOOL_CRIU") or CACHE + "/criu"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A pyserver and its clone, in a folder of their own, for a `with`."""

    def __init__(self, megabytes, percent=0):
        self.folder = tempfile.mkdtemp(prefix="bundletool-bench.", dir="/var/tmp")
        self.id = "bundletool-bench-%d" % os.getpid()
        self.state = self.folder + "/state"
        self.port = free_port()
        self.megabytes = megabytes
        self.percent = percent
        self.checksum = None

    def run(self, *words):
        environment = dict(os.environ, PATH=CRIU + ":" + os.environ["PATH"])
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                              env=environment)
        if done.returncode:
            raise RuntimeError("%s: %s" % (" ".join(words), done.stderr.decode()))

    def runc(self, *words):
        """Detached containers keep their stdio: it is nobody's pipe."""
        environment = dict(os.environ, PATH=CRIU + ":" + os.environ["PATH"])
        subprocess.run(("runc", "--root", self.state) + words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env=environment, check=True)

    def get(self, path):
        with urllib.request.urlopen("http://127.0.0.1:%d%s" % (self.port, path), timeout=300) as answer:
            return answer.read()

    def pid(self):
        with open("%s/%s/state.json" % (self.state, self.id)) as file:
            return json.load(file)["init_process_pid"]

    def client(self):
        """A client that receives something every 5 ms, with a connection of its own."""
        return Client(self.port)

    def migrate_words(self, *options):
        return [TOOL, "migrate", "--json", "--containers", self.folder, "--runtime-root", self.state, *options,
                self.id, "pyserver2"]

    def check(self):
        if self.checksum and json.loads(self.get("/checksum"))["sha256"] != self.checksum:
            raise RuntimeError("the memory is not what it was")

    def start(self):
        self.run(TOOL, "create", "pyserver", "--containers", self.folder, "--env", "PYSERVER_MB=%d" % self.megabytes,
                 "--env", "PYSERVER_PORT=%d" % self.port, "--env", "PYSERVER_BIND=127.0.0.1")
        self.run(TOOL, "clone", "pyserver", "pyserver2", "--containers", self.folder)
        # Without a monitor: the floor's plain runc restores it as well.
        self.runc("run", "--detach", "--bundle", self.folder + "/pyserver", self.id)
        while True:
            try:
                self.get("/time")
                break
            except OSError:
                time.sleep(0.1)
        if self.percent:
            self.get("/dirty?percent_per_s=%d" % self.percent)
        else:
            self.checksum = json.loads(self.get("/checksum"))["sha256"]

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        subprocess.run(["runc", "--root", self.state, "delete", "--force", self.id], stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Client:
    """Notes when something arrives. Used with `with`, which checks that the connection has lasted."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.sendall(b"GET /ticks?interval_ms=5 HTTP/1.0\r\n\r\n")
        self.socket.settimeout(60)
        self.arrivals = []
        self.failure = None
        self.ended = threading.Event()
        self.listener = threading.Thread(target=self.listen)

    def listen(self):
        while not self.ended.is_set():
            try:
                received = self.socket.recv(65536)
            except OSError as error:
                received, self.failure = b"", str(error)
            if not received:
                if self.ended.is_set():
                    return
                self.failure = self.failure or "the client lost its connection"
                return
            self.arrivals.append(time.monotonic())

    def __enter__(self):
        self.listener.start()
        # A few before what is to be measured.
        time.sleep(0.5)
        return self

    def leave(self):
        """Waits for nothing more; its end, whatever it is, is no failure."""
        self.ended.set()
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # Its end was the server's.

    def __exit__(self, kind, *_):
        if kind is None and not self.ended.is_set():
            # And a few after it.
            time.sleep(0.3)
            self.ended.set()
        elif not self.ended.is_set():
            self.leave()
        self.listener.join()
        self.socket.close()
        if self.failure and kind is None:
            raise RuntimeError(self.failure)

    def longest_silence(self, since):
        """In seconds; counted are silences that end after `since`."""
        pairs = zip(self.arrivals, self.arrivals[1:])
        return max((later - earlier for earlier, later in pairs if later > since), default=0.0)


def bytes_per_second(rate):
    return float(rate[:-4]) * 1e6 if rate.endswith("MB/s") else float(rate[:-6]) * 125e3

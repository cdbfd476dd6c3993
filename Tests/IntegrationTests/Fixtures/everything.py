"""A process tree that uses what the kernel has, and checks after each move that all of it came along.

/checksum  nothing but a sign of life
/check     `ok`, or a line for each thing that is not as it was; then everything is set up anew
"""
import array
import ctypes
import fcntl
import mmap
import os
import select
import signal
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
RANDOM = os.urandom(100_000)
TICK = signal.SIGRTMIN
IPC_PRIVATE, IPC_CREAT = 0, 0o1000


def call(name, *arguments):
    result = getattr(libc, name)(*arguments)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, name + ": " + os.strerror(number))
    return result


def expect(what, condition):
    if not condition:
        raise AssertionError(what)


class SharedMemory:
    """Anonymous, memfd, System V and tmpfs memory, each written by this process and by a child."""

    def __init__(self):
        size = len(RANDOM)
        self.memfd = os.memfd_create("everything")
        os.ftruncate(self.memfd, size)
        self.segment = call("shmget", IPC_PRIVATE, size, IPC_CREAT | 0o600)
        address = libc.shmat(self.segment, None, 0)
        self.file = os.open("/dev/shm/everything", os.O_RDWR | os.O_CREAT, 0o600)
        os.ftruncate(self.file, size)
        self.maps = {
            "anonymous": mmap.mmap(-1, size, flags=mmap.MAP_SHARED | mmap.MAP_ANONYMOUS),
            "memfd": mmap.mmap(self.memfd, size),
            "System V": (ctypes.c_char * size).from_address(address),
            "tmpfs": mmap.mmap(self.file, size),
        }
        for shared in self.maps.values():
            shared[0:size] = RANDOM
        self.round = 0
        self.ask, self.answer = socket.socketpair()
        self.child = os.fork()
        if self.child == 0:
            self.ask.close()
            while True:
                number = self.answer.recv(1)
                if not number:
                    os._exit(0)
                for shared in self.maps.values():
                    shared[50_000:50_001] = number
                self.answer.send(number)

    def prepare(self):
        pass

    def check(self):
        self.round = (self.round + 1) % 256
        self.ask.send(bytes([self.round]))
        expect("the child's answer", self.ask.recv(1) == bytes([self.round]))
        for name, shared in self.maps.items():
            content = bytes(shared[0:len(RANDOM)])
            expect(name + ": the child's write", content[50_000] == self.round)
            expect(name + ": content", content[:50_000] + RANDOM[50_000:50_001] + content[50_001:] == RANDOM)
        expect("read through the memfd", os.pread(self.memfd, 1000, 100) == RANDOM[100:1100])
        expect("the name in /dev/shm", open("/dev/shm/everything", "rb").read(1000) == RANDOM[:1000])


class InFlight:
    """Data that was sent and not yet received: pipe, socket pairs, a descriptor on its way, queues."""

    def __init__(self):
        self.read, self.write = os.pipe()
        fcntl.fcntl(self.write, 1031, 1 << 17)  # F_SETPIPE_SZ
        self.stream = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.datagram = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.carrier = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.queue = call("msgget", IPC_PRIVATE, IPC_CREAT | 0o600)
        self.semaphores = call("semget", IPC_PRIVATE, 3, IPC_CREAT | 0o600)

    def prepare(self):
        os.write(self.write, RANDOM)
        self.stream[0].send(RANDOM[:20_000])
        for size in (1, 700, 3000):
            self.datagram[0].send(RANDOM[:size])
        descriptor = os.memfd_create("carried")
        os.write(descriptor, b"carried")
        socket.send_fds(self.carrier[0], [b"x"], [descriptor])
        os.close(descriptor)
        message = struct.pack("l", 7) + RANDOM[:500]
        call("msgsnd", self.queue, message, 500, 0)
        call("semctl", self.semaphores, 1, 16, 42)  # SETVAL

    def check(self):
        received = b""
        while len(received) < len(RANDOM):
            received += os.read(self.read, 1 << 17)
        expect("pipe", received == RANDOM)
        expect("stream", self.stream[1].recv(1 << 16) == RANDOM[:20_000])
        sizes = [len(self.datagram[1].recv(1 << 16)) for _ in range(3)]
        expect("datagrams", sizes == [1, 700, 3000])
        _, descriptors, _, _ = socket.recv_fds(self.carrier[1], 1, 1)
        expect("carried descriptor", os.pread(descriptors[0], 100, 0) == b"carried")
        os.close(descriptors[0])
        buffer = ctypes.create_string_buffer(8 + 500)
        expect("message's size", call("msgrcv", self.queue, buffer, 500, 7, 0o4000) == 500)
        expect("message", buffer.raw[8:] == RANDOM[:500])
        expect("semaphore", call("semctl", self.semaphores, 1, 12) == 42)  # GETVAL


class Signals:
    """One that is pending and blocked, a handler, an alternative mask in a thread."""

    def __init__(self):
        self.handled = 0
        signal.signal(signal.SIGUSR2, self.handle)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def handle(self, *_):
        self.handled += 1

    def prepare(self):
        os.kill(os.getpid(), signal.SIGUSR1)

    def check(self):
        expect("pending", signal.SIGUSR1 in signal.sigpending())
        expect("its sender", signal.sigtimedwait([signal.SIGUSR1], 1).si_pid == os.getpid())
        before = self.handled
        os.kill(os.getpid(), signal.SIGUSR2)
        expect("handler", self.handled == before + 1)
        os.kill(os.getpid(), signal.SIGHUP)


class Timers:
    """timerfd, POSIX timer, interval timer (alarm)."""

    class Spec(ctypes.Structure):
        _fields_ = [("interval", ctypes.c_long * 2), ("value", ctypes.c_long * 2)]

    def __init__(self):
        every = self.Spec((0, 50_000_000), (0, 50_000_000))
        self.descriptor = call("timerfd_create", time.CLOCK_MONOTONIC, 0)
        call("timerfd_settime", self.descriptor, 0, ctypes.byref(every), None)
        # struct sigevent: value, signal number, SIGEV_SIGNAL.
        event = struct.pack("qii", 77, TICK, 0) + bytes(48)
        self.timer = ctypes.c_void_p()
        call("timer_create", time.CLOCK_MONOTONIC, event, ctypes.byref(self.timer))
        call("timer_settime", self.timer, 0, ctypes.byref(every), None)
        self.due = time.monotonic() + 3600
        signal.setitimer(signal.ITIMER_REAL, 3600)

    def prepare(self):
        pass

    def check(self):
        os.read(self.descriptor, 8)
        expect("timerfd", struct.unpack("Q", os.read(self.descriptor, 8))[0] > 0)
        signal.sigtimedwait([TICK], 1)
        expect("POSIX timer", signal.sigtimedwait([TICK], 1) is not None)
        left = signal.getitimer(signal.ITIMER_REAL)[0]
        expect("alarm: %f left" % left, 0 < left <= 3600)


class Waiting:
    """epoll over an eventfd, inotify, and a listening socket with a name and one without."""

    def __init__(self):
        self.event = os.eventfd(0, os.EFD_NONBLOCK)
        self.epoll = select.epoll()
        self.epoll.register(self.event, select.EPOLLIN)
        os.makedirs("/tmp/watched", exist_ok=True)
        self.inotify = call("inotify_init1", os.O_NONBLOCK)
        call("inotify_add_watch", self.inotify, b"/tmp/watched", 0x100)  # IN_CREATE
        self.epoll.register(self.inotify, select.EPOLLIN)
        self.named = self.listen("/tmp/named.socket")
        self.abstract = self.listen(f"\0everything-{os.getpid()}-{time.time_ns()}")
        self.files = 0

    def listen(self, name):
        if name[0] != "\0" and os.path.exists(name):
            os.unlink(name)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(name)
        listener.listen()
        return listener

    def prepare(self):
        os.eventfd_write(self.event, 7)

    def check(self):
        expect("epoll", [fd for fd, _ in self.epoll.poll(1)] == [self.event])
        expect("eventfd", os.eventfd_read(self.event) == 7)
        self.files += 1
        name = "file%d" % self.files
        open("/tmp/watched/" + name, "w").close()
        expect("epoll of inotify", [fd for fd, _ in self.epoll.poll(1)] == [self.inotify])
        expect("inotify", name.encode() in os.read(self.inotify, 4096))
        for listener in (self.named, self.abstract):
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(listener.getsockname())
                server, _ = listener.accept()
                client.send(b"hello")
                expect("connection", server.recv(10) == b"hello")
                server.close()


class Files:
    """A file without a name, its position, a lock, a working folder, a descriptor at a number of its own."""

    def __init__(self):
        self.ghost = os.open("/tmp/ghost", os.O_RDWR | os.O_CREAT, 0o600)
        for _ in range(30):
            os.write(self.ghost, RANDOM)
        os.unlink("/tmp/ghost")
        os.lseek(self.ghost, 1234, os.SEEK_SET)
        self.locked = os.open("/srv/server.py", os.O_RDONLY)
        fcntl.flock(self.locked, fcntl.LOCK_EX)
        os.dup2(self.locked, 200)
        os.chdir("/usr/share")
        os.umask(0o027)
        self.log = open("/srv/log", "a")
        self.table = os.open("/srv/table", os.O_RDWR | os.O_CREAT)
        os.ftruncate(self.table, 1 << 20)
        self.mapped = mmap.mmap(self.table, 1 << 20)
        self.lines = 0

    def prepare(self):
        self.lines += 1
        self.log.write("line %d\n" % self.lines)
        self.log.flush()
        self.mapped[4096 * self.lines:4096 * self.lines + 8] = struct.pack("Q", self.lines)

    def check(self):
        expect("position", os.lseek(self.ghost, 0, os.SEEK_CUR) == 1234)
        expect("file without a name", os.pread(self.ghost, 4 << 20, 0) == RANDOM * 30)
        expect("descriptor 200", os.fstat(200).st_ino == os.fstat(self.locked).st_ino)
        with open("/srv/server.py", "rb") as other:
            try:
                fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
                expect("lock", False)
            except BlockingIOError:
                pass
        expect("working folder", os.getcwd() == "/usr/share")
        expect("umask", os.umask(0o027) == 0o027)
        numbers = [int(line.split()[1]) for line in open("/srv/log")]
        expect("log that is appended to", numbers == list(range(1, self.lines + 1)))
        table = open("/srv/table", "rb").read()
        for number in numbers:
            expect("mapped file", table[4096 * number:4096 * number + 8] == struct.pack("Q", number))


class Processes:
    """Threads, a zombie, a process group and session of its own, an orphan."""

    def __init__(self):
        self.local = threading.local()
        self.counts = [0, 0, 0]
        for index in range(3):
            threading.Thread(target=self.work, args=(index,), daemon=True).start()
        self.leader = os.fork()
        if self.leader == 0:
            os.setsid()
            while True:
                signal.pause()
        self.zombie = 0

    def work(self, index):
        self.local.index = index
        while True:
            self.counts[self.local.index] += 1
            time.sleep(0.01)

    def prepare(self):
        self.zombie = os.fork()
        if self.zombie == 0:
            os._exit(33)
        os.waitid(os.P_PID, self.zombie, os.WEXITED | os.WNOWAIT)

    def check(self):
        before = list(self.counts)
        time.sleep(0.2)
        expect("threads", all(new > old for new, old in zip(self.counts, before)))
        pid, status = os.waitpid(self.zombie, os.WNOHANG)
        expect("zombie", pid == self.zombie and os.waitstatus_to_exitcode(status) == 33)
        expect("session", os.getsid(self.leader) == self.leader)


# Before there are threads: they would take these signals otherwise.
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1, TICK])
THINGS = [SharedMemory(), InFlight(), Signals(), Timers(), Waiting(), Files(), Processes()]


def check():
    failures = []
    for thing in THINGS:
        try:
            thing.check()
        except Exception as error:
            failures.append("%s: %s: %s" % (type(thing).__name__, type(error).__name__, error))
        thing.prepare()
    return "\n".join(failures) or "ok"


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = check() if self.path == "/check" else "here"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format, *arguments):
        pass


for thing in THINGS:
    thing.prepare()
HTTPServer(("127.0.0.1", int(os.environ["PYSERVER_PORT"])), Handler).serve_forever()

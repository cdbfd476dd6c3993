#!/usr/bin/env python3
"""Stands between the two ends of a migration and, at a certain message, lets something go wrong.

usage: relay.py ACTION MESSAGE FLAG COMMAND [ARGUMENT ...]

Runs COMMAND and carries bytes between it and stdin/stdout. When the first frame of type MESSAGE (a number; see
Frame.Kind) comes by, in whichever direction, it writes FLAG and does ACTION:
  none            nothing
  lose            the connection ends before the message has crossed
  cut             the connection ends right after it has crossed
  hang            nothing crosses any more
  run             the shell script FLAG.run runs first
  corrupt         the last byte of the message is another
  kill-source     the message crosses, then the bundletool that started this is killed
  kill-receiver   the message crosses, then COMMAND is killed
  kill-both       both
  unreachable     as cut, and the next relay with this FLAG refuses to run while FLAG.closed is there
"""
import os
import signal
import struct
import subprocess
import sys
import threading

action, message, flag, command = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4:]
if os.path.exists(flag + ".closed"):
    sys.exit("the host is unreachable")
again = os.path.exists(flag)
child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
lock = threading.Lock()


def read(stream, count):
    data = b""
    while len(data) < count:
        try:
            part = os.read(stream, count - len(data))
        except ConnectionResetError:
            # The other end has gone, with something unread.
            part = b""
        if not part:
            return None
        data += part
    return data


def write(stream, data):
    while data:
        data = data[os.write(stream, data):]


def end():
    os._exit(1)


def act(target, frame):
    with open(flag, "w") as file:
        file.write(str(os.getppid()))
    if action == "lose":
        end()
    if action == "run":
        subprocess.run(["sh", flag + ".run"], check=True)
    if action == "hang":
        threading.Event().wait()
    if action == "corrupt":
        frame = frame[:-1] + bytes([frame[-1] ^ 1])
    if action == "unreachable":
        open(flag + ".closed", "w").close()
    write(target, frame)
    if action in ("kill-source", "kill-both"):
        os.kill(os.getppid(), signal.SIGKILL)
    if action in ("kill-receiver", "kill-both"):
        child.kill()
    if action in ("cut", "unreachable", "kill-both"):
        end()


def carry(source, target):
    global again
    while True:
        head = read(source, 8)
        if head is None:
            break
        length, kind = struct.unpack("<IB", head[:5])
        body = read(source, length)
        if body is None:
            break
        with lock:
            hit = kind == message and not again
            again = again or hit
        try:
            if hit:
                act(target, head + body)
            else:
                write(target, head + body)
        except OSError:
            break
    os.close(target)


# stdin and stdout may be one socket: it ends with this process.
threading.Thread(target=carry, args=(0, child.stdin.fileno()), daemon=True).start()
carry(child.stdout.fileno(), 1)
os._exit(child.wait())

"""Asks for one file again and again on one connection, until it is told to end.

usage: http-client.py PORT PATH FILE. FILE is what the answers have to be. Ends at SIGTERM; prints `asking` after the
first answer and in the end `ok` and how many answers there were, or what was wrong.
"""
import http.client
import signal
import sys

stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(True))
expected = open(sys.argv[3], "rb").read()
connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
connection.connect()
first = connection.sock
count = 0
while not stopped:
    connection.request("GET", sys.argv[2])
    answer = connection.getresponse()
    body = answer.read()
    count += 1
    if answer.status != 200 or body != expected:
        sys.exit("answer %d: status %d, %d bytes" % (count, answer.status, len(body)))
    if connection.sock is not first:
        sys.exit("answer %d: the server has closed the connection" % count)
    if count == 1:
        print("asking", flush=True)
print("ok %d" % count)

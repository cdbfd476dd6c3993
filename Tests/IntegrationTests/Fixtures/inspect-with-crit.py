"""Says of a CRIU image folder what `bundletool inspect-checkpoint --json` says, from what crit decodes.

Usage: inspect-with-crit.py FOLDER, with pycriu on Python's path.
"""
import glob
import ipaddress
import json
import os
import sys

import pycriu

folder = sys.argv[1]


def entries(name):
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return []
    with open(path, "rb") as file:
        return pycriu.images.load(file, no_payload=True)["entries"]


def number(value):
    return int(value, 0) if isinstance(value, str) else value


def pages(name):
    counts = {"present": 0, "inParent": 0, "lazy": 0}
    for entry in entries(name)[1:]:
        flags = entry.get("flags", "")
        if isinstance(flags, int):
            flags = " ".join(text for bit, text in ((1, "PE_PARENT"), (2, "PE_LAZY"), (4, "PE_PRESENT")) if flags & bit)
        kind = "inParent" if "PARENT" in flags else "present" if "PRESENT" in flags else "lazy"
        counts[kind] += entry["nr_pages"]
    return counts


def address(words, port):
    if isinstance(words, list) and words and isinstance(words[0], str):
        parsed = ipaddress.ip_address(words[0])
    else:
        raw = b"".join(word.to_bytes(4, "little") for word in words)
        parsed = ipaddress.ip_address(raw)
    return ("%s:%d" if parsed.version == 4 else "[%s]:%d") % (parsed, port)


files = {(entry["type"], entry["id"]): entry for entry in entries("files.img")}
sockets = []
for (kind, identity), entry in files.items():
    if kind == "INETSK":
        isk = entry["isk"]
        remote = address(isk["dst_addr"], isk["dst_port"]) if isk["dst_port"] else None
        sockets.append([identity, isk["ino"], address(isk["src_addr"], isk["src_port"]), remote])
    elif kind == "UNIXSK":
        sockets.append([identity, entry["usk"]["ino"], None, None])
    elif kind in ("PACKETSK", "NETLINKSK"):
        sockets.append([identity, None, None, None])

processes = []
for entry in entries("pstree.img"):
    pid = entry["pid"]
    core = entries("core-%d.img" % pid)
    ids = entries("ids-%d.img" % pid)
    opened = entries("fdinfo-%d.img" % ids[0]["files_id"]) if ids else []
    memory = entries("mm-%d.img" % pid)
    processes.append({
        "pid": pid, "parent": entry["ppid"], "group": entry["pgid"], "session": entry["sid"],
        "threads": entry["threads"], "name": core[0]["tc"]["comm"],
        "executable": files["REG", memory[0]["exe_file_id"]]["reg"]["name"] if memory else None,
        "areas": [[number(area["start"]), number(area["end"])] for area in memory[0]["vmas"]] if memory else None,
        "pages": pages("pagemap-%d.img" % pid) if memory else None,
        "files": [[entry["fd"], entry["type"].lower(), entry["id"]] for entry in opened],
    })

inventory = entries("inventory.img")[0]
stats = entries("stats-dump")
print(json.dumps({
    "imageVersion": inventory["img_version"],
    "processes": processes,
    "sockets": sorted(sockets),
    "sharedMemory": {
        os.path.basename(path)[len("pagemap-shmem-"):-len(".img")]: pages(os.path.basename(path))
        for path in sorted(glob.glob(os.path.join(folder, "pagemap-shmem-*.img")))
    },
    "pagesWritten": stats[0]["dump"]["pages_written"] if stats else None,
}))

/* System calls that glibc does not wrap, or that Swift cannot import because they are variadic or GNU extensions.
   Each returns what the system call returns and sets errno. Plain C types only: were mode_t and the like declared here
   too, it would be chance whether Swift takes them for this module's or for Glibc's. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "CLinuxFiles.h"
#include "CLinuxMemory.h"
#include "CLinuxNamespace.h"
#include "CLinuxPacketFilter.h"
#include "CLinuxProcess.h"
#include "CLinuxTrace.h"

/* openat2(2) `resolve` flags. */
enum { BLT_RESOLVE_IN_ROOT = 0x10, BLT_RESOLVE_NO_MAGICLINKS = 0x02 };

/* openat2(2): no wrapper before glibc 2.43. */
int blt_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/* ioctl(FICLONE): `destination` shares the extents of `source`. */
int blt_reflink(int destination, int source);

/* renameat2(2) with RENAME_NOREPLACE. */
int blt_rename_noreplace(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path);

/* process_vm_readv(2) of one contiguous remote range. */
long blt_process_read(int pid, void *buffer, size_t length, uint64_t address);

/* copy_file_range(2) from `offset` in one file to the same offset in the other; file positions stay. */
long blt_copy_file_range(int source, int destination, int64_t offset, size_t length);

/* Names the calling thread, and makes a write to a closed pipe an EPIPE there instead of a signal. */
void blt_begin_thread(const char *name);

/* makedev(3), major(3), minor(3): macros. */
uint64_t blt_makedev(uint32_t major, uint32_t minor);
uint32_t blt_major(uint64_t device);
uint32_t blt_minor(uint64_t device);

/* pipe2(2) with O_CLOEXEC. */
int blt_pipe(int descriptors[2]);

/* accept4(2) with SOCK_CLOEXEC; `peer_port`, in host order, is that of an IPv4 peer, else 0. */
int blt_accept(int listener, uint16_t *peer_port);

/* ioctl(FIONREAD): bytes that wait in a pipe or socket. */
int blt_pending_bytes(int descriptor, int *count);

/* SO_SNDTIMEO: a send that takes longer fails with EAGAIN. */
int blt_limit_sending(int socket, int64_t microseconds);

/* open(2)'s O_TMPFILE: a GNU extension whose value depends on the architecture. */
extern const int blt_o_tmpfile;

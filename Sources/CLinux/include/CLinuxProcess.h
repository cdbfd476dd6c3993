/* Child processes, and what a process that looks after others needs. */
#pragma once
#include <stdint.h>

/* Starts a program in a session of its own, with default signal handling. Its descriptors 0 to `count` - 1 are
   `descriptors`, and it has no others. Returns its process id. */
int blt_spawn(
    const char *path, char *const arguments[], char *const environment[], const int *descriptors, int count);

/* environ(7). */
char *const *blt_environment(void);

/* Goes on in a child that nobody waits for, in a session of its own; the calling process ends with status 0. For a
   process with one thread. */
int blt_daemonize(void);

/* Orphans among the descendants become children of this process (PR_SET_CHILD_SUBREAPER). */
int blt_adopt_orphans(void);

/* A descriptor that can be read when a child has ended; SIGCHLD is blocked in the calling thread. */
int blt_child_descriptor(void);

/* How the process of a pidfd has ended, in the form of wait(2), also where it is nobody's child here. Fails with ENOTTY
   or EINVAL before Linux 6.15, with ENODATA as long as its parent has not waited for it. */
int blt_pidfd_exit(int pidfd, int *status);

/* A Unix socket of type SOCK_SEQPACKET: bound to `path` and listening, or connected to it. */
int blt_listen_packets(const char *path);
int blt_connect_packets(const char *path);
int blt_packet_pair(int descriptors[2]);

/* accept4(2) with SOCK_CLOEXEC; does not wait. */
int blt_accept_packets(int listener);

/* Ends the repair mode of a TCP socket that is a process's descriptor (setsockopt TCP_REPAIR), if it is in it.
   Returns 1 where it was, 0 where it was not or is no TCP socket; -errno. */
int blt_end_tcp_repair(int pidfd, int descriptor);

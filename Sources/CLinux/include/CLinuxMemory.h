/* userfaultfd(2), and a process that keeps descriptors open when another one dies. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Whether the kernel has userfaultfd with the events of a process that changes its memory map. */
int blt_uffd_supported(void);

/* ioctl_userfaultfd(2), UFFDIO_COPY and UFFDIO_ZEROPAGE: the bytes that were placed, or -errno where there were none. */
long blt_uffd_copy(int uffd, uint64_t destination, const void *source, size_t length);
long blt_uffd_zero(int uffd, uint64_t destination, size_t length);

/* UFFDIO_WAKE: threads that wait for a page of the range look again. */
int blt_uffd_wake(int uffd, uint64_t start, uint64_t length);

/* A message of one byte or more with a descriptor. `control` gets the cmsghdr and the descriptor's number; it has 24
   bytes, zeroed. Returns recvmsg(2)'s result. */
long blt_receive_descriptor(int socket, void *control);

/* The number in `control`, or -1 where there is none. */
int blt_received_descriptor(const void *control);

/* fork(2), but the child shares the table of descriptors: what one opens the other has, and nothing is closed before
   both have ended. For a process with a single thread. */
int blt_fork_sharing_descriptors(void);

/* pidfd_open(2). */
int blt_pidfd_open(int pid);

/* Memory that stays shared with children, and stays where it is once touched. NULL where there is none. */
void *blt_shared_memory(size_t length);

/* memfd_create(2) with MFD_CLOEXEC: a GNU extension. */
int blt_memfd(const char *name);

/* A listening Unix stream socket at `path`, at most 107 bytes long. */
int blt_listen_unix(const char *path);

/* As many descriptors as the process may have: each process of the container, each that it forks, is one. */
void blt_raise_descriptor_limit(void);

/* The name that ps(1) and pkill(1) show: its first 15 bytes. */
void blt_set_process_name(const char *name);

#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <signal.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

int blt_openat2(int dirfd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return (int)syscall(SYS_openat2, dirfd, path, &how, sizeof how);
}

int blt_reflink(int destination, int source) { return ioctl(destination, FICLONE, source); }

int blt_rename_noreplace(int old_dirfd, const char *old_path, int new_dirfd, const char *new_path) {
    return renameat2(old_dirfd, old_path, new_dirfd, new_path, RENAME_NOREPLACE);
}

long blt_process_read(int pid, void *buffer, size_t length, uint64_t address) {
    struct iovec local = {.iov_base = buffer, .iov_len = length};
    struct iovec remote = {.iov_base = (void *)(uintptr_t)address, .iov_len = length};
    return process_vm_readv(pid, &local, 1, &remote, 1, 0);
}

long blt_copy_file_range(int source, int destination, int64_t offset, size_t length) {
    off_t from = offset, to = offset;
    return copy_file_range(source, &from, destination, &to, length, 0);
}

void blt_begin_thread(const char *name) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    pthread_setname_np(pthread_self(), name);
}

uint64_t blt_makedev(uint32_t major, uint32_t minor) { return makedev(major, minor); }
uint32_t blt_major(uint64_t device) { return major(device); }
uint32_t blt_minor(uint64_t device) { return minor(device); }

int blt_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int blt_accept(int listener, uint16_t *peer_port) {
    struct sockaddr_in peer = {0};
    socklen_t length = sizeof peer;
    int connection = accept4(listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
    *peer_port = peer.sin_family == AF_INET ? ntohs(peer.sin_port) : 0;
    return connection;
}

int blt_pending_bytes(int descriptor, int *count) { return ioctl(descriptor, FIONREAD, count); }

int blt_limit_sending(int socket, int64_t microseconds) {
    struct timeval limit = {.tv_sec = microseconds / 1000000, .tv_usec = microseconds % 1000000};
    return setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

const int blt_o_tmpfile = O_TMPFILE;

#define _GNU_SOURCE
#include "CLinuxProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

int blt_spawn(
    const char *path, char *const arguments[], char *const environment[], const int *descriptors, int count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t signals;
    int copies[8], made = 0, pid = -1, error = EINVAL;
    if (count > 8) {
        errno = EINVAL;
        return -1;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    /* Copies above the numbers they are to get: none is overwritten before its turn. */
    for (; made < count; made++) {
        copies[made] = fcntl(descriptors[made], F_DUPFD_CLOEXEC, count + 3);
        if (copies[made] < 0) {
            error = errno;
            goto end;
        }
        posix_spawn_file_actions_adddup2(&actions, copies[made], made);
    }
    posix_spawn_file_actions_addclosefrom_np(&actions, count);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
    error = posix_spawn(&pid, path, &actions, &attributes, arguments, environment);
end:
    for (int i = 0; i < made; i++) close(copies[i]);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return pid;
    errno = error;
    return -1;
}

char *const *blt_environment(void) { return environ; }

int blt_daemonize(void) {
    int pid = fork();
    if (pid < 0) return -1;
    if (pid > 0) _exit(0);
    return setsid();
}

int blt_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int blt_child_descriptor(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0) return -1;
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* <linux/pidfd.h> of Linux 6.15; Debian 12's is older. */
struct pidfd_information {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t exit_status;
};
#define PIDFD_INFO_EXIT (1ull << 3)
#define PIDFD_GET_INFO _IOWR(0xFF, 11, struct pidfd_information)

int blt_pidfd_exit(int pidfd, int *status) {
    struct pidfd_information information = {.mask = PIDFD_INFO_EXIT};
    if (ioctl(pidfd, PIDFD_GET_INFO, &information) != 0) return -1;
    if (!(information.mask & PIDFD_INFO_EXIT)) {
        errno = ENODATA;
        return -1;
    }
    *status = information.exit_status;
    return 0;
}

static int packet_socket(const char *path, struct sockaddr_un *address, int flags) {
    if (strlen(path) >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    strcpy(address->sun_path, path);
    return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0);
}

static int failed(int descriptor) {
    int error = errno;
    close(descriptor);
    errno = error;
    return -1;
}

int blt_listen_packets(const char *path) {
    struct sockaddr_un address;
    int listener = packet_socket(path, &address, SOCK_NONBLOCK);
    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0) return failed(listener);
    if (listen(listener, 8) != 0) return failed(listener);
    return listener;
}

int blt_connect_packets(const char *path) {
    struct sockaddr_un address;
    int connection = packet_socket(path, &address, 0);
    if (connection < 0) return -1;
    if (connect(connection, (struct sockaddr *)&address, sizeof address) != 0) return failed(connection);
    return connection;
}

int blt_packet_pair(int descriptors[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, descriptors);
}

int blt_accept_packets(int listener) { return accept4(listener, NULL, NULL, SOCK_CLOEXEC); }

int blt_end_tcp_repair(int pidfd, int descriptor) {
    int copy = (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0);
    if (copy < 0) return -errno;
    int value = 0, result = 0;
    socklen_t length = sizeof value;
    if (getsockopt(copy, SOL_SOCKET, SO_PROTOCOL, &value, &length) == 0 && value == IPPROTO_TCP) {
        value = 0;
        length = sizeof value;
        if (getsockopt(copy, IPPROTO_TCP, TCP_REPAIR, &value, &length) == 0 && value == 1) {
            value = 0;
            result = setsockopt(copy, IPPROTO_TCP, TCP_REPAIR, &value, sizeof value) == 0 ? 1 : -errno;
            /* The kernel has set it for the repair, and takes it away; what it was before is not known. Connections of a
               server have it, so that it can be started again beside them. */
            value = 1;
            setsockopt(copy, SOL_SOCKET, SO_REUSEADDR, &value, sizeof value);
        }
    }
    close(copy);
    return result;
}

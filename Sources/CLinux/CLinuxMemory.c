#define _GNU_SOURCE
#include "CLinuxMemory.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

int blt_uffd_supported(void) {
    uint64_t wanted = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP | UFFD_FEATURE_EVENT_REMOVE |
                      UFFD_FEATURE_EVENT_UNMAP;
    int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
    if (uffd < 0) return 0;
    struct uffdio_api api = {.api = UFFD_API, .features = wanted};
    int result = ioctl(uffd, UFFDIO_API, &api) == 0 && (api.features & wanted) == wanted;
    close(uffd);
    return result;
}

/* A part that was placed is reported as EAGAIN with its length. */
static long placed(int result, int64_t done, size_t length) {
    if (result == 0) return (long)length;
    return errno == EAGAIN && done > 0 ? (long)done : -errno;
}

long blt_uffd_copy(int uffd, uint64_t destination, const void *source, size_t length) {
    struct uffdio_copy copy = {.dst = destination, .src = (uintptr_t)source, .len = length};
    return placed(ioctl(uffd, UFFDIO_COPY, &copy), copy.copy, length);
}

long blt_uffd_zero(int uffd, uint64_t destination, size_t length) {
    struct uffdio_zeropage zero = {.range = {.start = destination, .len = length}};
    return placed(ioctl(uffd, UFFDIO_ZEROPAGE, &zero), zero.zeropage, length);
}

int blt_uffd_wake(int uffd, uint64_t start, uint64_t length) {
    struct uffdio_range range = {.start = start, .len = length};
    return ioctl(uffd, UFFDIO_WAKE, &range);
}

_Static_assert(CMSG_SPACE(sizeof(int)) == 24, "a cmsghdr with a descriptor");

long blt_receive_descriptor(int socket, void *control) {
    char byte[16];
    struct iovec data = {.iov_base = byte, .iov_len = 1};
    struct msghdr message = {
        .msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(sizeof(int))};
    return recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
}

int blt_received_descriptor(const void *control) {
    const struct cmsghdr *head = control;
    if (head->cmsg_len != CMSG_LEN(sizeof(int)) || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS)
        return -1;
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(head), sizeof descriptor);
    return descriptor;
}

int blt_fork_sharing_descriptors(void) { return (int)syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0); }

int blt_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

void *blt_shared_memory(size_t length) {
    void *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) return NULL;
    mlock2(memory, length, MLOCK_ONFAULT);
    return memory;
}

int blt_listen_unix(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) return -1;
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 4) != 0) {
        int error = errno;
        close(listener);
        errno = error;
        return -1;
    }
    return listener;
}

void blt_raise_descriptor_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

void blt_set_process_name(const char *name) { prctl(PR_SET_NAME, name); }

int blt_memfd(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

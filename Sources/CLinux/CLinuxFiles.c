#define _GNU_SOURCE
#include "CLinuxFiles.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/xattr.h>

_Static_assert(BLT_O_PATH == O_PATH, "O_PATH");
_Static_assert(BLT_O_NOATIME == O_NOATIME, "O_NOATIME");
_Static_assert(BLT_UTIME_OMIT == UTIME_OMIT, "UTIME_OMIT");

int blt_own_umask(void) {
    if (unshare(CLONE_FS) != 0) return -1;
    umask(0);
    return 0;
}

int blt_start_writeback(int fd) { return sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

int blt_fsetxattr(int fd, const char *name, const void *value, size_t size) {
    return fsetxattr(fd, name, value, size, 0);
}

int blt_lsetxattr(const char *path, const char *name, const void *value, size_t size) {
    return lsetxattr(path, name, value, size, 0);
}

int blt_fremovexattr(int fd, const char *name) { return fremovexattr(fd, name); }
long blt_flistxattr(int fd, char *list, size_t size) { return flistxattr(fd, list, size); }
long blt_llistxattr(const char *path, char *list, size_t size) { return llistxattr(path, list, size); }

long blt_fgetxattr(int fd, const char *name, void *value, size_t size) { return fgetxattr(fd, name, value, size); }

long blt_lgetxattr(const char *path, const char *name, void *value, size_t size) {
    return lgetxattr(path, name, value, size);
}

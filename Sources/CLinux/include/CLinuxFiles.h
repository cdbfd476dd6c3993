/* What <fcntl.h> and <sys/xattr.h> have and Glibc's Swift module lacks. */
#pragma once
#include <stddef.h>

/* The extended attribute calls of <sys/xattr.h>; those with `path` do not follow a symlink at its end. */
int blt_fsetxattr(int fd, const char *name, const void *value, size_t size);
int blt_lsetxattr(const char *path, const char *name, const void *value, size_t size);
int blt_fremovexattr(int fd, const char *name);
long blt_flistxattr(int fd, char *list, size_t size);
long blt_llistxattr(const char *path, char *list, size_t size);
long blt_fgetxattr(int fd, const char *name, void *value, size_t size);
long blt_lgetxattr(const char *path, const char *name, void *value, size_t size);

enum { BLT_O_PATH = 010000000, BLT_O_NOATIME = 01000000 };

/* utimensat(2): leave this time as it is. */
enum { BLT_UTIME_OMIT = (1 << 30) - 2 };

/* Gives the calling thread a umask (and working directory) of its own, and sets the umask to 0. */
int blt_own_umask(void);

/* lseek(2) from one stretch of data to the next hole and back. */
enum { BLT_SEEK_DATA = 3, BLT_SEEK_HOLE = 4 };

/* sync_file_range(2): begins to write the file's data to disk and does not wait. */
int blt_start_writeback(int fd);

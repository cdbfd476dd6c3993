/* What <fcntl.h> and <sys/xattr.h> have and Glibc's Swift module lacks. */
#pragma once
#include <sys/xattr.h>

enum { BLT_O_PATH = 010000000 };

/* utimensat(2): leave this time as it is. */
enum { BLT_UTIME_OMIT = (1 << 30) - 2 };

/* Gives the calling thread a umask (and working directory) of its own, and sets the umask to 0. */
int blt_own_umask(void);

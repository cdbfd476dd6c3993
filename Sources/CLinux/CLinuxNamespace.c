#define _GNU_SOURCE
#include "CLinuxNamespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* Between fork and exec only what is safe in a child of a process with threads. */
int blt_rerun_in_user_namespace(char *const argv[], char *const envp[], const int ready[2], const int go[2]) {
    pid_t parent = getpid();
    pid_t child = fork();
    if (child != 0) return child;
    close(ready[0]);
    close(go[1]);
    int error = unshare(CLONE_NEWUSER) == 0 ? 0 : errno;
    if (write(ready[1], &error, sizeof error) != sizeof error || error != 0) _exit(127);
    char byte;
    if (read(go[0], &byte, 1) != 1) _exit(127);
    if (setresgid(0, 0, 0) != 0 || setresuid(0, 0, 0) != 0) _exit(127);
    /* The thread that has forked may block signals; this program has to get them. */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* After the change of ids, which would undo it. */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(127);
    execve("/proc/self/exe", argv, envp);
    _exit(127);
}

static volatile pid_t receiver;

static void pass_on(int number, siginfo_t *info, void *context) {
    (void)context;
    /* What the terminal sends reaches the child by itself. */
    if (info->si_code <= 0) kill(receiver, number);
}

int blt_wait_passing_signals(int child) {
    const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action, old[3];
    memset(&action, 0, sizeof action);
    action.sa_sigaction = pass_on;
    action.sa_flags = SA_SIGINFO;
    receiver = child;
    for (int i = 0; i < 3; i++) sigaction(signals[i], &action, &old[i]);
    int status = 0;
    pid_t result;
    do result = waitpid(child, &status, 0);
    while (result < 0 && errno == EINTR);
    for (int i = 0; i < 3; i++) sigaction(signals[i], &old[i], NULL);
    if (result < 0) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif

int blt_sysv_segments(int ipc_namespace, int *ids, int capacity) {
    int here = open("/proc/thread-self/ns/ipc", O_RDONLY | O_CLOEXEC);
    if (here < 0) return -errno;
    int found = 0;
    if (setns(ipc_namespace, CLONE_NEWIPC) != 0) {
        found = -errno;
    } else {
        struct shm_info info;
        int last = shmctl(0, SHM_INFO, (struct shmid_ds *)&info);
        if (last < 0) found = -errno;
        for (int index = 0; found >= 0 && index <= last; index++) {
            struct shmid_ds segment;
            int id = shmctl(index, SHM_STAT_ANY, &segment);
            if (id < 0) {
                /* Nothing has this index. */
                if (errno != EINVAL && errno != EIDRM) found = -errno;
            } else {
                if (found < capacity) ids[found] = id;
                found++;
            }
        }
        if (setns(here, CLONE_NEWIPC) != 0) found = -errno;
    }
    close(here);
    return found;
}

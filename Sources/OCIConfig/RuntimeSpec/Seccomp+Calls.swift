extension RuntimeSpec.Seccomp {
    /// Calls that act within the container, or are refused by the kernel without a capability that it lacks.
    static let allowedCalls: [String] = words(
        """
        _llseek access arm_fadvise64_64 arm_sync_file_range cachestat chdir chmod chown chown32 chroot close
        close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64 fallocate
        fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr
        flock fremovexattr fsetxattr fstat fstat64 fstatat fstatat64 fstatfs fstatfs64 fsync ftruncate
        ftruncate64 futimesat getcwd getdents getdents64 getxattr getxattrat ioctl lchown lchown32 lgetxattr
        link linkat listxattr listxattrat llistxattr llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir
        mkdirat mknod mknodat name_to_handle_at newfstatat oldfstat oldlstat oldstat open openat openat2 pipe
        pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readdir readlink readlinkat readv
        removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice
        stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range sync_file_range2 syncfs tee
        truncate truncate64 umask unlink unlinkat utime utimensat utimensat_time64 utimes vmsplice write writev
        _newselect epoll_create epoll_create1 epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait
        epoll_wait_old eventfd eventfd2 inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel
        io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit poll ppoll ppoll_time64
        pselect6 pselect6_time64 select
        accept accept4 bind connect getpeername getsockname getsockopt listen recvfrom recvmmsg recvmmsg_time64
        recvmsg sendmmsg sendmsg sendto setsockopt shutdown socketcall socketpair
        adjtimex alarm clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep
        clock_nanosleep_time64 getitimer gettimeofday nanosleep setitimer time timer_create timer_delete
        timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
        timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times
        arch_prctl breakpoint execve execveat exit exit_group fork get_thread_area getpgid getpgrp getpid
        getppid getrandom getsid gettid kcmp modify_ldt pidfd_getfd pidfd_open process_vm_readv
        process_vm_writev ptrace set_thread_area set_tid_address set_tls setpgid setsid uretprobe vfork wait4
        waitid waitpid
        brk cacheflush get_mempolicy madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mlock
        mlock2 mlockall mmap mmap2 mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free
        pkey_mprotect process_madvise process_mrelease remap_file_pages
        capget capset getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 getresgid
        getresgid32 getresuid getresuid32 getuid getuid32 landlock_add_rule landlock_create_ruleset
        landlock_restrict_self prctl seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid setgid32 setgroups
        setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 setuid
        setuid32
        futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list ipc mq_getsetattr
        mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink
        msgctl msgget msgrcv msgsnd rseq semctl semget semop semtimedop semtimedop_time64 set_robust_list shmat
        shmctl shmdt shmget
        getcpu getpriority getrlimit getrusage ioprio_get ioprio_set nice oldolduname olduname prlimit64
        sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
        sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr
        sched_setparam sched_setscheduler sched_yield setpriority setrlimit sysinfo ugetrlimit uname
        kill pause pidfd_send_signal restart_syscall rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo
        rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sgetmask sigaction
        sigaltstack signal signalfd signalfd4 sigpending sigprocmask sigreturn sigsuspend ssetmask tgkill tkill
        """)

    /// Calls that change the host, load code into the kernel, or have been ways out of containers.
    static let refusedCalls: [String] = words(
        """
        _sysctl acct add_key bpf clock_adjtime clock_adjtime64 clock_settime clock_settime64 create_module
        delete_module fanotify_init fanotify_mark finit_module fsconfig fsmount fsopen fspick get_kernel_syms
        init_module io_uring_enter io_uring_register io_uring_setup ioperm iopl kexec_file_load kexec_load
        keyctl lookup_dcookie lsm_set_self_attr mbind migrate_pages mount mount_setattr move_mount move_pages
        nfsservctl open_by_handle_at open_tree open_tree_attr perf_event_open pivot_root query_module quotactl
        quotactl_fd reboot request_key set_mempolicy set_mempolicy_home_node setdomainname sethostname setns
        settimeofday stime swapoff swapon sysfs syslog umount umount2 unshare uselib userfaultfd ustat vhangup
        vm86 vm86old
        """)

    /// Bytes are enough, and spare the process the look for whole characters.
    private static func words(_ text: String) -> [String] {
        text.utf8.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }.map { String($0) ?? "" }.sorted()
    }
}

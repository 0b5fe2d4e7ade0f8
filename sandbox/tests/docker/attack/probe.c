/* Looks at what a job was given, and tries calls that a job must not have. It only
 * inspects: each call would do no harm if it succeeded. One line for each: its name,
 * and "open" or why it was refused. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *name, long result) {
    printf("%s %s\n", name, result < 0 ? strerror(errno) : "open");
    fflush(stdout);
}

static void say_socket(const char *name, int family, int type, int protocol) {
    int fd = socket(family, type, protocol);
    say(name, fd);
    if (fd >= 0) close(fd);
}

/* In a child, because the filter kills whoever makes a call of another architecture. */
static void say_foreign_call(void) {
#ifdef __x86_64__
    pid_t child = fork();
    if (child == 0) {
        long result;
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
        _exit(result > 0 ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    int open = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    printf("call-32-bit %s\n", open ? "open" : "refused");
#else
    printf("call-32-bit refused\n");
#endif
}

int main(void) {
    static char space[256];
    say("clone-newuser", ({
        long child = syscall(SYS_clone, 0x10000000 | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) _exit(0);
        if (child > 0) waitpid(child, NULL, 0);
        child;
    }));
    say("clone-newnet", ({
        long child = syscall(SYS_clone, 0x40000000 | SIGCHLD, 0, 0, 0, 0);
        if (child == 0) _exit(0);
        if (child > 0) waitpid(child, NULL, 0);
        child;
    }));
    say("unshare-newuser", syscall(SYS_unshare, 0x10000000));
    say("setns", syscall(SYS_setns, 0, 0));
    say("io_uring_setup", syscall(425, 1, space));
    say("keyctl", syscall(SYS_keyctl, 0, -3, 0));
    say("add_key", syscall(SYS_add_key, "user", "probe", "x", 1, -3));
    say("bpf", syscall(SYS_bpf, 0, space, 48));
    say("perf_event_open", syscall(SYS_perf_event_open, space, 0, -1, -1, 0));
    say("userfaultfd", syscall(SYS_userfaultfd, 1));
    say("process_vm_readv", syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0));
    say("mount", syscall(SYS_mount, "probe", "/tmp", "tmpfs", 0, 0));
    say("umount", syscall(SYS_umount2, "/data", 2));
    say("fsopen", syscall(430, "tmpfs", 0));
    say("pivot_root", syscall(SYS_pivot_root, "/tmp", "/tmp"));
    say("chroot", syscall(SYS_chroot, "/tmp"));
    say("name_to_handle_at", syscall(SYS_name_to_handle_at, -100, "/", space, space + 128, 0));
    say("open_by_handle_at", syscall(SYS_open_by_handle_at, -100, space, 0));
    say("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, ~0UL));
    say("init_module", syscall(SYS_init_module, space, 0, ""));
    say("syslog", syscall(SYS_syslog, 2, space, 10));
    say("swapon", syscall(SYS_swapon, "/tmp/none", 0));
    say("sethostname", syscall(SYS_sethostname, "owned", 5));
    say("clock_settime", syscall(SYS_clock_settime, 0, space));
    say("sync", syscall(SYS_sync));
    say("msgget", syscall(SYS_msgget, 0, 01600));
    say("shmget", syscall(SYS_shmget, 0, 4096, 01600));
    say("fanotify_init", syscall(SYS_fanotify_init, 0, 0));
    say("setuid", setuid(0));
    say("setgid", setgid(0));
    say("mknod-disk", mknod("/tmp/disk", S_IFBLK | 0600, makedev(8, 0)));
    say("mknod-memory", mknod("/tmp/mem", S_IFCHR | 0600, makedev(1, 1)));
    say("chown", chown("/out", 0, 0));
    say_socket("socket-alg", 38, SOCK_SEQPACKET, 0);
    say_socket("socket-packet", 17, SOCK_RAW, 0);
    say_socket("socket-vsock", 40, SOCK_STREAM, 0);
    say_socket("socket-raw", AF_INET, SOCK_RAW, 1);
    say_socket("socket-sctp", AF_INET, SOCK_STREAM, 132);
    say_socket("socket-dccp", AF_INET, 6, 0);
    say_socket("socket-bluetooth", 31, SOCK_RAW, 1);
    say_socket("socket-can", 29, SOCK_RAW, 1);
    say_socket("socket-rds", 21, SOCK_SEQPACKET, 0);
    say_socket("socket-tipc", 30, SOCK_STREAM, 0);
    say_socket("socket-xdp", 44, SOCK_RAW, 0);
    say_socket("socket-audit", AF_NETLINK, SOCK_RAW, 9);
    say_socket("socket-netfilter", AF_NETLINK, SOCK_RAW, 12);
    say_socket("work-unix", AF_UNIX, SOCK_STREAM, 0);
    say_socket("work-tcp", AF_INET, SOCK_STREAM, 0);
    say_foreign_call();
    return 0;
}

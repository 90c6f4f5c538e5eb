/* clone and clone3 as used by fork: flags, the signal at the end, numbers that are written. */
#include "show.h"

#include <sched.h>

struct clone_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid,
		set_tid_size, cgroup;
};

static volatile int got_signal;
static int variable;

static void note(int number)
{
	got_signal = number;
}

/* Inlined, because a child with the same stack would overwrite the function's frame. */
__attribute__((always_inline))
static inline long clone_call(unsigned long flags, int *parent, int *child)
{
	long result;
	register int *r10 __asm__("r10") = child;
	register long r8 __asm__("r8") = 0;
	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_clone), "D"(flags), "S"(0L), "d"(parent),
			 "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	if (result < 0) {
		errno = -result;
		result = -1;
	}
	return result;
}

static long clone3_call(struct clone_arguments *arguments, size_t size)
{
	return syscall(435, arguments, size);
}

int main(void)
{
	int parent_number = 0, child_number = 0;
	handle(SIGUSR1, note, 0);
	pid_t pid = clone_call(SIGUSR1 | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID, &parent_number, &child_number);
	if (pid == 0) {
		FACT(child_number == getpid());
		_exit(1);
	}
	until_state(pid, 'Z');
	FACT(parent_number == pid);
	SHOW(child_number);
	int status;
	CALL(waitpid(pid, &status, 0) == pid);
	CALL(waitpid(pid, &status, __WALL) == pid);
	show_status("child", status);
	SHOW(got_signal == SIGUSR1);
	pid = clone_call(SIGUSR1, NULL, NULL);
	if (pid == 0)
		_exit(2);
	CALL(waitpid(-1, &status, __WCLONE) == pid);

	/* Shared memory, as with vfork. */
	pid = clone_call(CLONE_VM | CLONE_VFORK | SIGCHLD, NULL, NULL);
	if (pid == 0) {
		variable = 7;
		_exit(0);
	}
	SHOW(variable);
	finish("vfork", pid);
	/* Shared descriptors. */
	pid = clone_call(CLONE_FILES | SIGCHLD, NULL, NULL);
	if (pid == 0) {
		open("/dev/null", O_RDONLY);
		_exit(0);
	}
	finish("files", pid);
	CALL(fcntl(3, F_GETFD));
	/* Shared working directory. */
	pid = clone_call(CLONE_FS | SIGCHLD, NULL, NULL);
	if (pid == 0) {
		chdir("/");
		_exit(0);
	}
	finish("fs", pid);
	char text[64];
	TEXT(getcwd(text, sizeof(text)));

	CALL(clone_call(CLONE_SIGHAND | SIGCHLD, NULL, NULL));
	CALL(clone_call(CLONE_THREAD | SIGCHLD, NULL, NULL));
	CALL(clone_call(CLONE_NEWNS | CLONE_FS | SIGCHLD, NULL, NULL));

	struct clone_arguments arguments = { .exit_signal = SIGCHLD };
	pid = clone3_call(&arguments, sizeof(arguments));
	if (pid == 0)
		_exit(9);
	finish("clone3", pid);
	int pidfd = -1;
	arguments.flags = CLONE_PIDFD;
	arguments.pidfd = (uintptr_t)&pidfd;
	pid = clone3_call(&arguments, 64);
	if (pid == 0)
		_exit(10);
	struct pollfd one = { pidfd, POLLIN, 0 };
	CALL(poll(&one, 1, -1));
	FACT(one.revents == POLLIN);
	finish("clone3 with a pidfd", pid);
	CALL(clone3_call(&arguments, 63));
	CALL(clone3_call(&arguments, 100000));
	CALL(clone3_call((void *)8, 64));
	arguments = (struct clone_arguments){ .exit_signal = 65 };
	CALL(clone3_call(&arguments, 64));
	arguments = (struct clone_arguments){ .flags = 1UL << 50 };
	CALL(clone3_call(&arguments, 64));
	arguments = (struct clone_arguments){ .exit_signal = SIGCHLD, .stack = 4096 };
	CALL(clone3_call(&arguments, 64));
	return 0;
}

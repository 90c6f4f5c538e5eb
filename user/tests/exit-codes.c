/* The ends of processes, and the statuses that wait4 reports. */
#include "show.h"

#include <sys/resource.h>

static int code, number;

static void exits(void)
{
	_exit(code);
}

static void dies(void)
{
	struct rlimit none = { 0, 0 };
	setrlimit(RLIMIT_CORE, &none);
	raise(number);
}

static void aborts(void)
{
	abort();
}

static void ignores_abort(void)
{
	signal(SIGABRT, SIG_IGN);
	abort();
}

static void on_exit_1(void)
{
	say("at exit");
}

static void by_exit(void)
{
	atexit(on_exit_1);
	exit(8);
}

int main(void)
{
	int codes[] = { 0, 1, 127, 128, 255, 256, 257, -1 };
	char name[32];
	for (size_t i = 0; i < COUNT(codes); i++) {
		code = codes[i];
		snprintf(name, sizeof(name), "_exit(%d)", code);
		in_child(name, exits);
	}
	for (number = 1; number <= 64; number++) {
		/* Stop signals and ignored signals are subjects of other tests. */
		if (number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU)
			continue;
		/* The libc uses some signals itself. */
		if (number >= 32 && number <= 34)
			continue;
		snprintf(name, sizeof(name), "%s", signal_name(number));
		in_child(name, dies);
	}
	in_child("abort", aborts);
	in_child("abort that is ignored", ignores_abort);
	in_child("exit", by_exit);
	pid_t pid = fork();
	if (pid == 0)
		syscall(SYS_exit, 77);
	finish("SYS_exit", pid);
	return 0;
}

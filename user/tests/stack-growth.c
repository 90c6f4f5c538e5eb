/* The stack grows to its limit, and has a guard. */
#include "show.h"

#include <sys/resource.h>

static char other_stack[16384];

static void on_overflow(int number, siginfo_t *info, void *context)
{
	(void)context;
	say("%s, code %d", signal_name(number), info->si_code);
	_exit(5);
}

__attribute__((noinline)) static int deeper(volatile char *above, int depth)
{
	volatile char frame[4096];
	frame[0] = above[0];
	return depth == 0 ? frame[0] : deeper(frame, depth - 1) + frame[0];
}

static void a_megabyte(void)
{
	volatile char zero = 0;
	SHOW(deeper(&zero, 256));
}

static void without_end(void)
{
	volatile char zero = 0;
	stack_t stack = { .ss_sp = other_stack, .ss_size = sizeof(other_stack) };
	struct sigaction action = { .sa_sigaction = on_overflow, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	sigaltstack(&stack, NULL);
	sigaction(SIGSEGV, &action, NULL);
	deeper(&zero, 1 << 20);
}

static void killed(void)
{
	volatile char zero = 0;
	deeper(&zero, 1 << 20);
}

static void handler_without_stack(void)
{
	volatile char zero = 0;
	/* The stack has no room for the handler's frame. */
	handle(SIGSEGV, ignore_call, 0);
	deeper(&zero, 1 << 20);
}

static void jump_far(void)
{
	/* The stack grows to an address far below the stack pointer, but within the limit. */
	volatile char here;
	volatile char *far = &here - (4 << 20);
	*far = 3;
	SHOW(*far);
}

static void lower_limit(void)
{
	struct rlimit limit = { 1 << 20, 1 << 20 };
	CALL(setrlimit(RLIMIT_STACK, &limit));
	volatile char here;
	*(&here - (512 << 10)) = 1;
	say("half a MiB");
	*(&here - (2 << 20)) = 1;
	say("unreachable");
}

static void kernel_grows_it(void)
{
	/* A call writes below the stack pointer: an access by the kernel also makes the stack
	 * grow. */
	int ends[2];
	char here;
	pipe(ends);
	write(ends[1], "abc", 3);
	CALL(read(ends[0], &here - (1 << 20), 3));
}

int main(void)
{
	struct rlimit limit;
	getrlimit(RLIMIT_STACK, &limit);
	SHOW(limit.rlim_cur);
	in_child("a megabyte", a_megabyte);
	in_child("without end", without_end);
	in_child("killed", killed);
	in_child("no stack for the handler", handler_without_stack);
	in_child("far", jump_far);
	in_child("lower limit", lower_limit);
	in_child("kernel", kernel_grows_it);
	return 0;
}

/* sigaltstack. */
#include "show.h"

static char memory[65536];

static int is_inside(void *place)
{
	return (char *)place >= memory && (char *)place < memory + sizeof(memory);
}

static void on_it(int number)
{
	stack_t old, new = { .ss_sp = memory, .ss_size = sizeof(memory) };
	char here;
	(void)number;
	FACT(is_inside(&here));
	CALL(sigaltstack(NULL, &old));
	FACT(old.ss_flags == SS_ONSTACK);
	CALL(sigaltstack(&new, NULL));
}

static void not_on_it(int number)
{
	char here;
	(void)number;
	FACT(!is_inside(&here));
}

static void after_disarm(int number)
{
	stack_t old;
	char here;
	(void)number;
	FACT(is_inside(&here));
	sigaltstack(NULL, &old);
	FACT(old.ss_flags == SS_DISABLE);
}

static void inner(int number)
{
	char here;
	(void)number;
	FACT(is_inside(&here));
}

static void outer(int number)
{
	(void)number;
	raise(SIGUSR2);
	say("outer goes on");
}

int main(void)
{
	stack_t old, new = { .ss_sp = memory, .ss_size = sizeof(memory) };
	CALL(sigaltstack(NULL, &old));
	FACT(old.ss_flags == SS_DISABLE && old.ss_sp == NULL && old.ss_size == 0);
	CALL(sigaltstack(&new, &old));
	CALL(sigaltstack(NULL, &old));
	FACT(old.ss_sp == memory && old.ss_size == sizeof(memory) && old.ss_flags == 0);
	handle(SIGUSR1, on_it, SA_ONSTACK);
	raise(SIGUSR1);
	handle(SIGUSR1, not_on_it, 0);
	raise(SIGUSR1);
	handle(SIGUSR1, outer, SA_ONSTACK);
	handle(SIGUSR2, inner, SA_ONSTACK);
	raise(SIGUSR1);
	/* SS_AUTODISARM disables the stack while the handler runs. */
	new.ss_flags = 1U << 31;
	CALL(sigaltstack(&new, NULL));
	handle(SIGUSR1, after_disarm, SA_ONSTACK);
	raise(SIGUSR1);
	sigaltstack(NULL, &old);
	FACT(old.ss_sp == memory && old.ss_flags == (int)(1U << 31));
	new.ss_flags = 0;
	new.ss_size = 100;
	CALL(syscall(SYS_sigaltstack, &new, NULL));
	new.ss_flags = 8;
	new.ss_size = sizeof(memory);
	CALL(syscall(SYS_sigaltstack, &new, NULL));
	CALL(syscall(SYS_sigaltstack, 8, NULL));
	CALL(syscall(SYS_sigaltstack, NULL, 8));
	new.ss_flags = SS_DISABLE;
	CALL(sigaltstack(&new, NULL));
	handle(SIGUSR1, not_on_it, SA_ONSTACK);
	raise(SIGUSR1);
	return 0;
}

/* execve: the attributes that a new program keeps, and those that it loses. */
#include "show.h"

static int again(int count, char **given)
{
	struct sigaction action;
	sigset_t set;
	for (int i = 0; i < count; i++)
		if (i != 2)
			say("argument %d is \"%s\"", i, given[i]);
	for (char **each = environ; *each; each++)
		say("environment has \"%s\"", *each);
	CALL(fcntl(10, F_GETFD));
	CALL(fcntl(11, F_GETFD));
	sigaction(SIGUSR1, NULL, &action);
	FACT(action.sa_handler == SIG_DFL);
	sigaction(SIGUSR2, NULL, &action);
	FACT(action.sa_handler == SIG_IGN);
	sigprocmask(SIG_BLOCK, NULL, &set);
	FACT(sigismember(&set, SIGTERM));
	sigpending(&set);
	FACT(sigismember(&set, SIGTERM));
	stack_t stack;
	sigaltstack(NULL, &stack);
	FACT(stack.ss_flags == SS_DISABLE);
	CALL(alarm(0) > 900);
	CALL(umask(0));
	char text[64];
	TEXT(getcwd(text, sizeof(text)));
	FACT(getppid() == atoi(given[2]));
	/* The program break starts anew. */
	FACT((char *)sbrk(0) > (char *)again);
	return 21;
}

static void child(void)
{
	char number[16];
	static char stack_memory[16384];
	char *arguments[] = { "", "again", number, "two words", NULL };
	char *environment[] = { "A=1", "EMPTY=", "WITHOUT", NULL };
	snprintf(number, sizeof(number), "%d", getppid());
	dup2(1, 10);
	dup3(1, 11, O_CLOEXEC);
	handle(SIGUSR1, ignore_call, 0);
	signal(SIGUSR2, SIG_IGN);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	raise(SIGTERM);
	stack_t stack = { .ss_sp = stack_memory, .ss_size = sizeof(stack_memory) };
	sigaltstack(&stack, NULL);
	alarm(1000);
	umask(033);
	execve("/tests/exec", arguments, environment);
	_exit(1);
}

int main(int count, char **given)
{
	if (count > 1)
		return again(count, given);
	in_child("child", child);
	return 0;
}

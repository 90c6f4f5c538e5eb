/* sigaction: each flag. */
#include "show.h"

static volatile int depth, count, deepest;

static void nested(int number)
{
	depth++;
	count++;
	if (depth > deepest)
		deepest = depth;
	if (count < 3)
		raise(number);
	depth--;
}

static void note(int number)
{
	say("handler of %s", signal_name(number));
}

static void with_mask(int number)
{
	sigset_t set;
	sigprocmask(SIG_BLOCK, NULL, &set);
	say("in %s: SIGUSR1 %d, SIGUSR2 %d", signal_name(number), sigismember(&set, SIGUSR1),
	    sigismember(&set, SIGUSR2));
	raise(SIGUSR2);
	say("end of %s", signal_name(number));
}

static void set(int number, void (*handler)(int), int flags, int blocked)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };
	sigemptyset(&action.sa_mask);
	if (blocked)
		sigaddset(&action.sa_mask, blocked);
	if (sigaction(number, &action, NULL) < 0)
		give_up("sigaction");
}

static void reset_kills(void)
{
	set(SIGUSR1, note, SA_RESETHAND, 0);
	raise(SIGUSR1);
	raise(SIGUSR1);
}

int main(void)
{
	struct sigaction old;
	set(SIGUSR1, nested, 0, 0);
	raise(SIGUSR1);
	say("without SA_NODEFER: %d calls, depth %d", count, deepest);
	count = deepest = 0;
	set(SIGUSR1, nested, SA_NODEFER, 0);
	raise(SIGUSR1);
	say("with SA_NODEFER: %d calls, depth %d", count, deepest);
	set(SIGUSR2, note, 0, 0);
	set(SIGUSR1, with_mask, 0, SIGUSR2);
	raise(SIGUSR1);
	set(SIGUSR1, with_mask, 0, 0);
	raise(SIGUSR1);
	set(SIGUSR1, with_mask, SA_NODEFER, 0);
	raise(SIGUSR1);
	in_child("SA_RESETHAND", reset_kills);

	CALL(sigaction(SIGUSR1, NULL, &old));
	FACT(old.sa_handler == with_mask && (old.sa_flags & SA_NODEFER));
	CALL(sigaction(SIGKILL, &old, NULL));
	CALL(sigaction(SIGSTOP, &old, NULL));
	CALL(sigaction(SIGKILL, NULL, &old));
	CALL(sigaction(0, NULL, &old));
	CALL(sigaction(65, NULL, &old));
	CALL(sigaction(-1, NULL, &old));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, 8, NULL, 8));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, 8, 8));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
	CALL(syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 8));
	/* A pending signal is discarded when it becomes ignored. */
	sigset_t mask;
	sigemptyset(&mask);
	sigaddset(&mask, SIGUSR1);
	sigprocmask(SIG_BLOCK, &mask, NULL);
	raise(SIGUSR1);
	sigpending(&mask);
	FACT(sigismember(&mask, SIGUSR1));
	signal(SIGUSR1, SIG_IGN);
	sigpending(&mask);
	FACT(!sigismember(&mask, SIGUSR1));
	/* The default action of these signals is to ignore them. */
	raise(SIGCHLD);
	raise(SIGURG);
	raise(SIGWINCH);
	raise(SIGCONT);
	say("alive");
	return 0;
}

/* Orphans become children of the nearest subreaper, or else of the first process. */
#include "show.h"

#include <sys/prctl.h>

static struct gate gate, done, go;
static int *parents;

static void grandchild(void)
{
	pass_gate(&gate);
	/* The parent has ended. */
	while (getppid() == parents[1])
		usleep(1000);
	parents[0] = getppid();
	open_gate(&done);
}

static void child(void)
{
	parents[1] = getpid();
	start(grandchild);
}

static void signalled(void)
{
	prctl(PR_SET_PDEATHSIG, SIGUSR1);
	int signal = 0;
	CALL(prctl(PR_GET_PDEATHSIG, &signal));
	SHOW(signal);
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	open_gate(&gate);
	siginfo_t info;
	pass_gate(&go);
	CALL(sigwaitinfo(&set, &info));
	open_gate(&done);
}

static void parent_that_ends(void)
{
	start(signalled);
	pass_gate(&gate);
}

int main(void)
{
	int value = 9;
	parents = new_shared(PAGE);
	gate = new_gate();
	done = new_gate();
	go = new_gate();
	CALL(prctl(PR_GET_CHILD_SUBREAPER, &value));
	SHOW(value);
	in_child("child", child);
	open_gate(&gate);
	pass_gate(&done);
	FACT(parents[0] == 1);
	CALL(waitpid(-1, NULL, 0));

	CALL(prctl(PR_SET_CHILD_SUBREAPER, 1));
	prctl(PR_GET_CHILD_SUBREAPER, &value);
	SHOW(value);
	in_child("child", child);
	open_gate(&gate);
	pass_gate(&done);
	FACT(parents[0] == getpid());
	CALL(waitpid(-1, NULL, 0) > 0);

	in_child("parent that ends", parent_that_ends);
	open_gate(&go);
	pass_gate(&done);
	CALL(waitpid(-1, NULL, 0) > 0);
	CALL(prctl(PR_SET_PDEATHSIG, 65));
	return 0;
}

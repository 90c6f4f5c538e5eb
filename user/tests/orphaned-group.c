/* SIGHUP and SIGCONT are sent to a group with a stopped member when it becomes orphaned. */
#include "show.h"

#include <sys/prctl.h>

static struct gate ready, done;

static void note(int number)
{
	say("got %s", signal_name(number));
}

static void member(void)
{
	handle(SIGHUP, note, 0);
	handle(SIGCONT, note, 0);
	open_gate(&ready);
	raise(SIGSTOP);
	/* In an orphaned group these stops have no effect. */
	raise(SIGTSTP);
	say("goes on");
	open_gate(&done);
}

static void leader(void)
{
	setsid();
	pid_t pid = fork();
	if (pid == 0) {
		/* The parent of the member; its end makes the group orphaned. */
		pid_t inner = fork();
		if (inner == 0) {
			setpgid(0, 0);
			member();
			_exit(0);
		}
		pass_gate(&ready);
		until_state(inner, 'T');
		say("the parent ends");
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	pass_gate(&done);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

int main(void)
{
	ready = new_gate();
	done = new_gate();
	in_child("leader", leader);
	return 0;
}

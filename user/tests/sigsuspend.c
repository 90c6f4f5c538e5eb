/* sigsuspend and pause. */
#include "show.h"

static void note(int number)
{
	sigset_t set;
	sigprocmask(SIG_BLOCK, NULL, &set);
	say("got %s; SIGUSR2 blocked: %d", signal_name(number), sigismember(&set, SIGUSR2));
}

static struct gate gate;

static void pauses(void)
{
	open_gate(&gate);
	CALL(pause());
}

int main(void)
{
	sigset_t blocked, wanted, now;
	handle(SIGUSR1, note, 0);
	handle(SIGUSR2, note, 0);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR2);
	raise(SIGUSR1);
	raise(SIGUSR1);
	CALL(sigsuspend(&wanted));
	sigprocmask(SIG_BLOCK, NULL, &now);
	say("afterwards blocked: %d %d", sigismember(&now, SIGUSR1), sigismember(&now, SIGUSR2));
	CALL(syscall(SYS_rt_sigsuspend, 8, 8));
	CALL(syscall(SYS_rt_sigsuspend, &wanted, 4));
	sigprocmask(SIG_UNBLOCK, &blocked, NULL);
	gate = new_gate();
	pid_t pid = start(pauses);
	pass_gate(&gate);
	until_state(pid, 'S');
	/* Neither an ignored signal nor a stop and its end interrupts the call. */
	kill(pid, SIGCHLD);
	kill(pid, SIGSTOP);
	int status;
	waitpid(pid, &status, WUNTRACED);
	kill(pid, SIGCONT);
	waitpid(pid, &status, WCONTINUED);
	until_state(pid, 'S');
	kill(pid, SIGUSR1);
	finish("pause", pid);
	return 0;
}

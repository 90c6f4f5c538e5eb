/* wait4 and waitid: options, groups, and errors without children. */
#include "show.h"

#include <sys/resource.h>

static void quick(void)
{
	_exit(3);
}

static void sleeps(void)
{
	pause();
}

static void show_info(const char *name, siginfo_t *info, pid_t pid)
{
	say("%s: %s, code %d, status %d, %s", name, signal_name(info->si_signo), info->si_code,
	    info->si_status, info->si_pid == pid ? "of the child" : info->si_pid ? "of another" : "of none");
}

int main(void)
{
	int status = 7;
	siginfo_t info;
	CALL(wait(&status));
	CALL(waitpid(-1, &status, WNOHANG));
	CALL(waitpid(getpid(), &status, 0));
	CALL(waitpid(-getpid(), &status, 0));
	CALL(syscall(SYS_wait4, INT32_MIN, &status, 0, 0));
	CALL(waitpid(-1, &status, 0x100));
	CALL(waitid(P_ALL, 0, &info, 0));
	CALL(waitid(P_ALL, 0, &info, WNOHANG));
	CALL(waitid(99, 0, &info, WEXITED));
	CALL(waitid(P_PID, 0, &info, WEXITED));

	pid_t pid = start(sleeps);
	until_state(pid, 'S');
	CALL(waitpid(pid, &status, WNOHANG));
	memset(&info, 1, sizeof(info));
	CALL(waitid(P_PID, pid, &info, WEXITED | WNOHANG));
	show_info("nothing yet", &info, pid);
	kill(pid, SIGSTOP);
	CALL(waitpid(pid, &status, WUNTRACED) == pid);
	show_status("child", status);
	CALL(waitpid(pid, &status, WUNTRACED | WNOHANG));
	kill(pid, SIGCONT);
	CALL(waitpid(pid, &status, WCONTINUED) == pid);
	show_status("child", status);
	kill(pid, SIGSTOP);
	CALL(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT));
	show_info("stopped, kept", &info, pid);
	CALL(waitid(P_PID, pid, &info, WSTOPPED));
	show_info("stopped", &info, pid);
	kill(pid, SIGCONT);
	CALL(waitid(P_ALL, 0, &info, WCONTINUED));
	show_info("continued", &info, pid);
	kill(pid, SIGTERM);
	CALL(waitid(P_PID, pid, &info, WEXITED | WNOWAIT));
	show_info("ended, kept", &info, pid);
	CALL(waitid(P_PID, pid, &info, WEXITED));
	show_info("ended", &info, pid);
	CALL(waitid(P_PID, pid, &info, WEXITED));

	pid = start(quick);
	struct rusage usage;
	memset(&usage, 1, sizeof(usage));
	CALL(wait4(pid, &status, 0, &usage) == pid);
	show_status("quick", status);
	FACT(usage.ru_utime.tv_sec < 100 && usage.ru_nsignals == 0);
	pid = start(quick);
	CALL(waitid(P_PID, pid, &info, WEXITED));
	show_info("quick", &info, pid);
	pid = start(quick);
	CALL(waitid(P_PID, pid, NULL, WEXITED));

	/* Selected by group. */
	pid = start(sleeps);
	setpgid(pid, pid);
	CALL(waitpid(0, &status, WNOHANG));
	CALL(waitpid(-pid, &status, WNOHANG));
	CALL(waitid(P_PGID, pid, &info, WEXITED | WNOHANG));
	kill(-pid, SIGKILL);
	CALL(waitpid(-pid, &status, 0) == pid);
	show_status("group", status);

	/* The child is removed even if its status can't be written. */
	pid = start(quick);
	CALL(syscall(SYS_wait4, pid, 8, 0, 0));
	CALL(waitpid(pid, &status, 0));

	/* A signal interrupts the wait. */
	pid = start(sleeps);
	handle(SIGALRM, ignore_call, 0);
	start_alarms();
	CALL(end_alarms(waitpid(pid, &status, 0)));
	kill(pid, SIGKILL);
	finish("sleeps", pid);
	return 0;
}

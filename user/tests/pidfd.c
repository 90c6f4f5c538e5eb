/* Descriptors of processes: pidfd_open, pidfd_send_signal, waitid with P_PIDFD. */
#include "show.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static void sleeps(void)
{
	for (;;)
		pause();
}

static long pidfd_open(pid_t pid, unsigned flags)
{
	return syscall(434, pid, flags);
}

static long pidfd_send(int fd, int number, siginfo_t *info, unsigned flags)
{
	return syscall(424, fd, number, info, flags);
}

int main(void)
{
	siginfo_t info = { 0 };
	pid_t pid = start(sleeps);
	int fd = CALL(pidfd_open(pid, 0));
	CALL(fcntl(fd, F_GETFD));
	char text[8];
	CALL(read(fd, text, 8));
	CALL(pidfd_send(fd, 0, NULL, 0));
	CALL(pidfd_send(fd, 65, NULL, 0));
	CALL(pidfd_send(fd, SIGTERM, NULL, 1));
	CALL(pidfd_send(0, SIGTERM, NULL, 0));
	CALL(pidfd_send(99, SIGTERM, NULL, 0));
	info.si_signo = SIGTERM;
	CALL(pidfd_send(fd, SIGTERM, &info, 0));
	info.si_code = SI_QUEUE;
	info.si_signo = SIGUSR1;
	CALL(pidfd_send(fd, SIGTERM, &info, 0));
	struct pollfd one = { fd, POLLIN, 0 };
	CALL(poll(&one, 1, 0));
	CALL(waitid(P_PIDFD, fd, &info, WEXITED | WNOHANG));
	CALL(pidfd_send(fd, SIGTERM, NULL, 0));
	CALL(poll(&one, 1, -1));
	SHOW(one.revents);
	/* A signal can be sent to a zombie. */
	CALL(pidfd_send(fd, SIGTERM, NULL, 0));
	CALL(waitid(P_PIDFD, fd, &info, WEXITED));
	say("code %d, status %d, %s", info.si_code, info.si_status, info.si_pid == pid ? "right" : "wrong");
	CALL(pidfd_send(fd, 0, NULL, 0));
	CALL(waitid(P_PIDFD, fd, &info, WEXITED));
	CALL(waitid(P_PIDFD, 0, &info, WEXITED));
	CALL(waitid(P_PIDFD, 99, &info, WEXITED));
	/* A non-blocking descriptor. */
	pid = start(sleeps);
	int other = pidfd_open(pid, O_NONBLOCK);
	CALL(waitid(P_PIDFD, other, &info, WEXITED));
	kill(pid, SIGKILL);
	finish("killed", pid);
	CALL(pidfd_open(pid, 0));
	CALL(pidfd_open(-1, 0));
	CALL(pidfd_open(0, 0));
	CALL(pidfd_open(getpid(), 1));
	return 0;
}

/* signalfd: reading signals. */
#include "show.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>

static void ends(void)
{
	_exit(3);
}

static void show(const char *what, struct signalfd_siginfo *info)
{
	say("%s: %s, code %d, %s, status %d, value %d", what, signal_name(info->ssi_signo),
	    info->ssi_code, info->ssi_pid == (uint32_t)getpid() ? "own" : "another's",
	    info->ssi_status, info->ssi_int);
}

int main(void)
{
	struct signalfd_siginfo info[3];
	sigset_t set, more;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, 40);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaddset(&set, SIGKILL);
	int fd = CALL(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(read(fd, info, sizeof(info)));
	struct pollfd one = { fd, POLLIN, 0 };
	CALL(poll(&one, 1, 0));
	raise(SIGUSR1);
	CALL(poll(&one, 1, 0));
	SHOW(one.revents);
	CALL(read(fd, info, 127));
	CALL(read(fd, info, sizeof(info)));
	show("raised", info);
	/* Several signals by one read, the lowest first. */
	union sigval value = { .sival_int = 11 };
	sigqueue(getpid(), 40, value);
	value.sival_int = 12;
	sigqueue(getpid(), 40, value);
	kill(getpid(), SIGUSR1);
	CALL(read(fd, info, sizeof(info)));
	show("first", &info[0]);
	show("second", &info[1]);
	show("third", &info[2]);
	/* A read that waits. */
	fcntl(fd, F_SETFL, 0);
	pid_t pid = start(ends);
	CALL(read(fd, info, sizeof(info)));
	show("child", info);
	FACT(info[0].ssi_pid == (uint32_t)pid);
	finish("child", pid);
	/* The descriptor in a set of files. */
	int files = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN }, got;
	CALL(epoll_ctl(files, EPOLL_CTL_ADD, fd, &event));
	CALL(epoll_wait(files, &got, 1, 0));
	pid = start(ends);
	CALL(epoll_wait(files, &got, 1, -1));
	CALL(read(fd, info, sizeof(info[0])));
	show("child", info);
	finish("child", pid);
	/* A changed set of signals. */
	sigemptyset(&more);
	sigaddset(&more, SIGUSR2);
	sigprocmask(SIG_BLOCK, &more, NULL);
	FACT(signalfd(fd, &more, 0) == fd);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	raise(SIGUSR1);
	CALL(read(fd, info, sizeof(info)));
	raise(SIGUSR2);
	CALL(read(fd, info, sizeof(info)));
	show("other", info);
	/* The signals are those of the reading process. */
	raise(SIGUSR2);
	pid = fork();
	if (pid == 0) {
		CALL(read(fd, info, sizeof(info)));
		_exit(0);
	}
	finish("reader", pid);
	CALL(read(fd, info, sizeof(info)));
	CALL(write(fd, info, sizeof(info)));
	CALL(signalfd(99, &set, 0));
	CALL(signalfd(0, &set, 0));
	CALL(signalfd(-1, &set, 1));
	CALL(syscall(SYS_signalfd4, -1, &set, 4, 0));
	CALL(syscall(SYS_signalfd4, -1, 8, 8, 0));
	return 0;
}

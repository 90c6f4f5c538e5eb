/* A signal during every call that waits: EINTR without SA_RESTART; with it, some calls continue. */
#include "show.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/select.h>
#include <termios.h>

static int ends[2], full[2], event, set, terminal, lock_file;
static int *word;
static struct gate gate;
static char byte;
static const char *name;
static long (*call)(void);
static int restarts;

static long do_read(void) { return read(ends[0], &byte, 1); }
static long do_write(void) { static char block[100000]; return write(full[1], block, 1); }
static long do_read_event(void) { uint64_t value; return read(event, &value, 8); }
static long do_read_terminal(void) { return read(terminal, &byte, 1); }
static long do_open_fifo(void) { return open("fifo", O_RDONLY); }
static long do_wait(void)
{
	if (fork() == 0)
		for (;;)
			pause();
	return waitpid(-1, NULL, 0);
}
static long do_waitid(void)
{
	siginfo_t info;
	if (fork() == 0)
		for (;;)
			pause();
	return waitid(P_ALL, 0, &info, WEXITED);
}
static long do_poll(void) { struct pollfd one = { ends[0], POLLIN, 0 }; return poll(&one, 1, -1); }
static long do_select(void)
{
	fd_set in;
	FD_ZERO(&in);
	FD_SET(ends[0], &in);
	return select(ends[0] + 1, &in, NULL, NULL, NULL);
}
static long do_epoll(void) { struct epoll_event found; return epoll_wait(set, &found, 1, -1); }
static long do_pause(void) { return pause(); }
static long do_sigsuspend(void) { sigset_t none; sigemptyset(&none); return sigsuspend(&none); }
static long do_sigwait(void)
{
	sigset_t wanted;
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGUSR2);
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	/* By the system call, because the libc repeats it after EINTR. */
	return syscall(SYS_rt_sigtimedwait, &wanted, NULL, NULL, 8);
}
static long do_nanosleep(void) { struct timespec time = { 1000, 0 }; return nanosleep(&time, NULL); }
static long do_clock_nanosleep(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	time.tv_sec += 1000;
	errno = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
	return errno ? -1 : 0;
}
static long do_futex(void) { return syscall(SYS_futex, word, 0, 0, NULL, NULL, 0); }
static long do_flock(void) { return flock(lock_file, LOCK_EX); }
static long do_fcntl(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(lock_file, F_SETLKW, &lock);
}

static void child(void)
{
	int own = open("lock", O_RDWR);
	lock_file = own;
	handle(SIGUSR1, ignore_call, restarts ? SA_RESTART : 0);
	open_gate(&gate);
	long result = call();
	say("%s: %s", name, result < 0 ? error_name(errno) : "done");
	kill(0, SIGKILL);
}

static void try(const char *what, long (*function)(void))
{
	name = what;
	call = function;
	for (restarts = 0; restarts < 2; restarts++) {
		pid_t pid = fork();
		if (pid == 0) {
			setpgid(0, 0);
			child();
		}
		pass_gate(&gate);
		until_state(pid, 'S');
		kill(pid, SIGUSR1);
		if (restarts) {
			/* If the call continues, the child sleeps again; otherwise it ends. */
			struct timespec pause = { 0, 1000000 };
			int asleep = 0, status;
			pid_t got = 0;
			while (asleep < 50 && (got = waitpid(pid, &status, WNOHANG)) == 0) {
				asleep = state_of(pid) == 'S' ? asleep + 1 : 0;
				nanosleep(&pause, NULL);
			}
			if (got == pid)
				continue;
			say("%s: goes on", what);
			kill(-pid, SIGKILL);
		}
		waitpid(pid, NULL, 0);
	}
}

int main(void)
{
	char path[32];
	pipe(ends);
	pipe(full);
	fcntl(full[1], F_SETFL, O_NONBLOCK);
	static char block[4096];
	while (write(full[1], block, sizeof(block)) > 0)
		;
	fcntl(full[1], F_SETFL, 0);
	event = eventfd(0, 0);
	set = epoll_create1(0);
	struct epoll_event wanted = { .events = EPOLLIN };
	epoll_ctl(set, EPOLL_CTL_ADD, ends[0], &wanted);
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(master);
	ptsname_r(master, path, sizeof(path));
	terminal = open(path, O_RDWR | O_NOCTTY);
	mkfifo("fifo", 0644);
	lock_file = open("lock", O_RDWR | O_CREAT, 0644);
	flock(lock_file, LOCK_EX);
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	fcntl(lock_file, F_SETLK, &lock);
	word = new_shared(PAGE);
	gate = new_gate();
	try("read of a pipe", do_read);
	try("write to a pipe", do_write);
	try("read of an eventfd", do_read_event);
	try("read of a terminal", do_read_terminal);
	try("open of a FIFO", do_open_fifo);
	try("waitpid", do_wait);
	try("waitid", do_waitid);
	try("poll", do_poll);
	try("select", do_select);
	try("epoll_wait", do_epoll);
	try("pause", do_pause);
	try("sigsuspend", do_sigsuspend);
	try("sigwaitinfo", do_sigwait);
	try("nanosleep", do_nanosleep);
	try("clock_nanosleep", do_clock_nanosleep);
	try("futex", do_futex);
	try("flock", do_flock);
	try("fcntl F_SETLKW", do_fcntl);
	return 0;
}

/* The end of a session's leader: SIGHUP for the foreground group; the terminal is released. */
#include "show.h"

#include <sys/ioctl.h>

static int master, slave;
static struct gate ready, go;

static void member(void)
{
	sigset_t set;
	siginfo_t info;
	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	open_gate(&ready);
	int number = syscall(SYS_rt_sigtimedwait, &set, &info, NULL, 8);
	say("member got %s", signal_name(number));
	/* The signal may arrive before the terminal is released. */
	int tty;
	while ((tty = open("/dev/tty", O_RDONLY)) >= 0) {
		close(tty);
		usleep(1000);
	}
	CALL(open("/dev/tty", O_RDONLY));
	open_gate(&go);
}

static void leader(void)
{
	setsid();
	CALL(ioctl(slave, TIOCSCTTY, 0));
	start(member);
	pass_gate(&ready);
	say("leader ends");
}

static void next_leader(void)
{
	setsid();
	CALL(ioctl(slave, TIOCSCTTY, 0));
}

int main(void)
{
	char name[32];
	ready = new_gate();
	go = new_gate();
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(master);
	ptsname_r(master, name, sizeof(name));
	slave = open(name, O_RDWR | O_NOCTTY);
	pid_t pid = start(leader);
	pass_gate(&go);
	finish("leader", pid);
	close(slave);
	/* The open file is hung up; a new open file isn't. */
	slave = open(name, O_RDWR | O_NOCTTY);
	in_child("next", next_leader);
	return 0;
}

/* Job control: stops by keys and by reads and writes in the background, orphaned groups. */
#include "show.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static struct gate gate;

static void sleeps(void)
{
	for (;;)
		pause();
}

static void reads(void)
{
	char byte;
	pass_gate(&gate);
	CALL(read(slave, &byte, 1));
}

static void writes(void)
{
	pass_gate(&gate);
	CALL(write(slave, "x", 1));
}

static void changes(void)
{
	pass_gate(&gate);
	struct termios settings;
	tcgetattr(slave, &settings);
	CALL(tcsetattr(slave, TCSANOW, &settings));
}

static void ignores(void)
{
	char byte;
	signal(SIGTTIN, SIG_IGN);
	signal(SIGTTOU, SIG_IGN);
	pass_gate(&gate);
	CALL(read(slave, &byte, 1));
	CALL(tcsetpgrp(slave, getpgrp()));
	say("in the foreground");
}

static pid_t job(void (*body)(void))
{
	/* The shell ignores SIGTTOU. */
	signal(SIGTTOU, SIG_DFL);
	pid_t pid = start(body);
	signal(SIGTTOU, SIG_IGN);
	setpgid(pid, pid);
	return pid;
}

static void wait_for(const char *name, pid_t pid)
{
	int status;
	waitpid(pid, &status, WUNTRACED);
	show_status(name, status);
}

static void shell(void)
{
	setsid();
	CALL(ioctl(slave, TIOCSCTTY, 0));
	signal(SIGTTOU, SIG_IGN);

	pid_t pid = job(sleeps);
	tcsetpgrp(slave, pid);
	until_state(pid, 'S');
	write(master, "\032", 1);
	wait_for("Ctrl-Z", pid);
	FACT(tcgetpgrp(slave) == pid);
	tcsetpgrp(slave, getpgrp());
	kill(-pid, SIGCONT);
	until_state(pid, 'S');
	kill(-pid, SIGTSTP);
	wait_for("SIGTSTP", pid);
	/* A fatal signal waits until the process continues; SIGKILL doesn't. */
	kill(pid, SIGTERM);
	say("state %c", state_of(pid));
	kill(pid, SIGCONT);
	wait_for("SIGTERM after SIGCONT", pid);
	pid = job(sleeps);
	kill(pid, SIGSTOP);
	wait_for("SIGSTOP", pid);
	kill(pid, SIGKILL);
	wait_for("SIGKILL", pid);

	pid = job(reads);
	open_gate(&gate);
	wait_for("read", pid);
	write(master, "k\n", 2);
	tcsetpgrp(slave, pid);
	kill(-pid, SIGCONT);
	wait_for("read in the foreground", pid);
	tcsetpgrp(slave, getpgrp());

	/* Writes cause a stop only with TOSTOP. */
	pid = job(writes);
	open_gate(&gate);
	wait_for("write", pid);
	struct termios settings;
	tcgetattr(slave, &settings);
	settings.c_lflag |= TOSTOP;
	tcsetattr(slave, TCSANOW, &settings);
	pid = job(writes);
	open_gate(&gate);
	wait_for("write with TOSTOP", pid);
	kill(pid, SIGKILL);
	wait_for("killed", pid);
	pid = job(changes);
	open_gate(&gate);
	wait_for("tcsetattr", pid);
	kill(pid, SIGKILL);
	wait_for("killed", pid);
	pid = job(ignores);
	open_gate(&gate);
	wait_for("SIGTTIN is ignored", pid);
}

int main(void)
{
	char name[32];
	gate = new_gate();
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(master);
	ptsname_r(master, name, sizeof(name));
	slave = open(name, O_RDWR | O_NOCTTY);
	in_child("shell", shell);
	return 0;
}

/* A pseudo-terminal as controlling terminal: sessions, foreground group, SIGHUP, signals by
 * keys. */
#include "show.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master;
static char name[32];
static struct gate ready;

static void on_signal(int number)
{
	say("got %s", signal_name(number));
	_exit(number);
}

static int open_slave(void)
{
	return open(name, O_RDWR | O_NOCTTY);
}

static void session(void)
{
	int slave = open_slave();
	pid_t group = 0;
	CALL(tcgetpgrp(slave));
	CALL(ioctl(slave, TIOCSCTTY, 0));
	FACT(setsid() == getpid());
	CALL(open("/dev/tty", O_RDWR));
	CALL(ioctl(slave, TIOCSCTTY, 0));
	FACT((group = tcgetpgrp(slave)) == getpid());
	FACT(tcgetsid(slave) == getpid());
	int tty = open("/dev/tty", O_RDWR);
	FACT(tty >= 0 && isatty(tty));
	CALL(tcsetpgrp(slave, 99999));
	CALL(tcsetpgrp(slave, getppid()));
	CALL(ioctl(slave, TIOCSCTTY, 0));
	CALL(ioctl(tty, TIOCNOTTY, 0));
	CALL(open("/dev/tty", O_RDWR));
}

static void first_open(void)
{
	setsid();
	/* Without O_NOCTTY, the first opened terminal becomes the controlling terminal. */
	int slave = open(name, O_RDWR);
	FACT(tcgetsid(slave) == getpid());
}

static void interrupted(void)
{
	setsid();
	ioctl(open_slave(), TIOCSCTTY, 0);
	handle(SIGINT, on_signal, 0);
	handle(SIGQUIT, on_signal, 0);
	open_gate(&ready);
	for (;;)
		pause();
}

static void hung_up(void)
{
	setsid();
	int slave = open_slave();
	ioctl(slave, TIOCSCTTY, 0);
	handle(SIGHUP, on_signal, 0);
	open_gate(&ready);
	for (;;)
		pause();
}

static void reads_after_hang_up(void)
{
	int slave = open_slave();
	char byte;
	open_gate(&ready);
	CALL(read(slave, &byte, 1));
	/* The reader may wake before the hang-up is complete. */
	struct termios settings;
	while (tcgetattr(slave, &settings) == 0)
		usleep(1000);
	CALL(tcgetattr(slave, &settings));
	CALL(write(slave, "x", 1));
	struct pollfd one = { slave, POLLIN, 0 };
	CALL(poll(&one, 1, -1));
	FACT(one.revents & POLLHUP);
}

static int new_pty(void)
{
	int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	if (fd < 0 || unlockpt(fd) < 0 || ptsname_r(fd, name, sizeof(name)))
		give_up("/dev/ptmx");
	return fd;
}

int main(void)
{
	ready = new_gate();
	master = new_pty();
	FACT(strncmp(name, "/dev/pts/", 9) == 0);
	in_child("session", session);
	close(master);
	master = new_pty();
	in_child("first open", first_open);
	close(master);

	master = new_pty();
	pid_t pid = start(interrupted);
	pass_gate(&ready);
	write(master, "\003", 1);
	finish("Ctrl-C", pid);
	close(master);
	master = new_pty();
	pid = start(interrupted);
	pass_gate(&ready);
	write(master, "\034", 1);
	finish("Ctrl-\\", pid);
	close(master);

	master = new_pty();
	fcntl(master, F_SETFD, FD_CLOEXEC);
	pid = fork();
	if (pid == 0) {
		close(master);
		hung_up();
	}
	pass_gate(&ready);
	close(master);
	finish("hang-up", pid);

	master = new_pty();
	pid = fork();
	if (pid == 0) {
		close(master);
		reads_after_hang_up();
		_exit(0);
	}
	pass_gate(&ready);
	until_state(pid, 'S');
	close(master);
	finish("reader", pid);
	/* The other way round: the last slave is closed. */
	master = new_pty();
	int slave = open_slave();
	close(slave);
	char byte;
	CALL(read(master, &byte, 1));
	struct pollfd one = { master, POLLIN | POLLOUT, 0 };
	CALL(poll(&one, 1, 0));
	FACT(one.revents & POLLHUP);
	slave = open_slave();
	CALL(write(slave, "back", 4));
	CALL(read(master, &byte, 1));
	return 0;
}

/* FIFOs: opening waits for the other side. */
#include "show.h"

static struct gate gate;

static void writer(void)
{
	int fd = open("fifo", O_WRONLY);
	say("writer: %s", fd < 0 ? error_name(errno) : "open");
	write(fd, "text", 4);
}

static void interrupted(void)
{
	handle(SIGUSR1, ignore_call, 0);
	CALL(open("fifo", O_WRONLY));
	handle(SIGUSR1, ignore_call, SA_RESTART);
	open_gate(&gate);
	CALL(open("fifo", O_WRONLY) >= 0);
}

int main(void)
{
	char text[16];
	CALL(mkfifo("fifo", 0666));
	CALL(mkfifo("fifo", 0666));
	CALL(mknod("none/fifo", S_IFIFO | 0600, 0));
	struct stat status;
	stat("fifo", &status);
	say("mode is %o", status.st_mode);
	CALL(open("fifo", O_WRONLY | O_NONBLOCK));
	int fd = CALL(open("fifo", O_RDONLY | O_NONBLOCK));
	CALL(read(fd, text, 1));
	int other = CALL(open("fifo", O_WRONLY));
	CALL(read(fd, text, 1));
	CALL(write(other, "abc", 3));
	CALL(read(fd, text, sizeof(text)));
	close(other);
	CALL(read(fd, text, sizeof(text)));
	close(fd);

	pid_t pid = start(writer);
	until_state(pid, 'S');
	say("opens for reading");
	fd = open("fifo", O_RDONLY);
	finish("writer", pid);
	CALL(read(fd, text, sizeof(text)));
	CALL(read(fd, text, sizeof(text)));
	close(fd);

	gate = new_gate();
	pid = start(interrupted);
	until_state(pid, 'S');
	kill(pid, SIGUSR1);
	pass_gate(&gate);
	/* The second open also waits, and continues after the signal. */
	until_state(pid, 'S');
	kill(pid, SIGUSR1);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	finish("interrupted", pid);
	/* An open for both directions never waits. */
	other = CALL(open("fifo", O_RDWR));
	CALL(write(other, "xy", 2));
	CALL(read(other, text, sizeof(text)));
	return 0;
}

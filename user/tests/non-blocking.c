/* O_NONBLOCK for all operations that wait, and for files on which it has no effect. */
#include "show.h"

#include <sys/eventfd.h>

static void try(const char *what, int fd)
{
	char text[16];
	errno = 0;
	long result = read(fd, text, sizeof(text));
	say("%s: %s", what, result < 0 ? error_name(errno) : result ? "data" : "end");
}

int main(void)
{
	char name[32];
	int ends[2];
	pipe2(ends, O_NONBLOCK);
	try("pipe", ends[0]);
	mkfifo("fifo", 0644);
	int fifo = open("fifo", O_RDONLY | O_NONBLOCK);
	try("FIFO without a writer", fifo);
	int writer = open("fifo", O_WRONLY | O_NONBLOCK);
	try("FIFO with a writer", fifo);
	close(writer);
	try("FIFO after its writer", fifo);
	int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
	unlockpt(master);
	ptsname_r(master, name, sizeof(name));
	int slave = open(name, O_RDWR | O_NOCTTY | O_NONBLOCK);
	try("terminal", slave);
	try("master", master);
	/* Half a line can't be read yet. */
	write(master, "half", 4);
	try("half a line", slave);
	try("eventfd", eventfd(0, EFD_NONBLOCK));
	make_file("file", "data");
	try("file", open("file", O_RDONLY | O_NONBLOCK));
	try("/dev/zero", open("/dev/zero", O_RDONLY | O_NONBLOCK));
	try("/dev/null", open("/dev/null", O_RDONLY | O_NONBLOCK));
	return 0;
}

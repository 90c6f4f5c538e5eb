/* Pipes: order, end of file, capacity, SIGPIPE, atomic writes. */
#include "show.h"

static int ends[2];
static struct gate gate;

static void writes_without_reader(void)
{
	close(ends[0]);
	pass_gate(&gate);
	say("writes");
	write(ends[1], "x", 1);
	say("unreachable");
}

int main(void)
{
	char text[128];
	CALL(pipe(ends));
	CALL(write(ends[1], "hello", 5));
	CALL(read(ends[0], text, 3));
	CALL(read(ends[0], text, sizeof(text)));
	CALL(read(ends[1], text, 1));
	CALL(write(ends[0], text, 1));
	CALL(write(ends[1], NULL, 1));
	/* A read to a bad address doesn't lose data. */
	write(ends[1], "kept", 4);
	CALL(read(ends[0], NULL, 4));
	CALL(read(ends[0], text, 4));
	struct stat status;
	fstat(ends[0], &status);
	FACT(S_ISFIFO(status.st_mode));
	SHOW(status.st_size);

	/* The number of bytes that fit. */
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	static char block[PAGE];
	long total = 0, got;
	while ((got = write(ends[1], block, sizeof(block))) > 0)
		total += got;
	say("%ld bytes fit, then %s", total, error_name(errno));
	/* A write of up to PIPE_BUF bytes writes all or none. */
	read(ends[0], text, 100);
	CALL(write(ends[1], block, 200));
	while (total > 0 && (got = read(ends[0], block, sizeof(block))) > 0 && got == PAGE)
		total -= got;
	close(ends[1]);
	while ((got = read(ends[0], block, sizeof(block))) > 0)
		;
	CALL(read(ends[0], text, 1));
	close(ends[0]);

	pipe(ends);
	gate = new_gate();
	pid_t pid = start(writes_without_reader);
	close(ends[0]);
	open_gate(&gate);
	finish("writer", pid);
	signal(SIGPIPE, SIG_IGN);
	CALL(write(ends[1], "x", 1));
	CALL(write(ends[1], "x", 0));
	CALL(pipe(NULL));
	CALL(pipe2(ends, 0x40000000));
	return 0;
}

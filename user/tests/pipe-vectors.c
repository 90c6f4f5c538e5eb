/* A writev of up to PIPE_BUF bytes to a pipe writes all bytes or none. */
#include "show.h"

#include <limits.h>
#include <sys/uio.h>

static int ends[2];

static void writer(char letter)
{
	char bytes[1000];
	struct iovec parts[4];
	memset(bytes, letter, sizeof(bytes));
	for (int i = 0; i < 4; i++)
		parts[i] = (struct iovec){ bytes, 1000 };
	for (int i = 0; i < 500; i++)
		if (writev(ends[1], parts, 4) != 4000)
			give_up("writev");
}

static void write_a(void)
{
	writer('a');
}

static void write_b(void)
{
	writer('b');
}

int main(void)
{
	static char block[PAGE], text[PAGE];
	struct iovec parts[3] = { { "one", 3 }, { "", 0 }, { "two", 3 } };
	CALL(pipe(ends));
	CALL(writev(ends[1], parts, 3));
	CALL(read(ends[0], text, sizeof(text)));
	TEXT(text);
	/* For a bad address, no byte is written. */
	parts[2] = (struct iovec){ (void *)8, 3 };
	CALL(writev(ends[1], parts, 3));
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	CALL(read(ends[0], text, sizeof(text)));
	/* Without room for all bytes, none is written. */
	fcntl(ends[1], F_SETFL, O_NONBLOCK);
	while (write(ends[1], block, sizeof(block)) > 0)
		;
	CALL(read(ends[0], block, PAGE));
	CALL(write(ends[1], block, PAGE - 100));
	parts[0] = parts[1] = (struct iovec){ block, 80 };
	CALL(writev(ends[1], parts, 2));
	CALL(write(ends[1], block, 80));
	CALL(writev(ends[1], parts, 2));
	while (read(ends[0], block, PAGE) > 0)
		;
	/* Two writers at the same time. */
	fcntl(ends[0], F_SETFL, 0);
	fcntl(ends[1], F_SETFL, 0);
	pid_t a = start(write_a), b = start(write_b);
	close(ends[1]);
	long mixed = 0, total = 0, got;
	static char record[4000];
	for (;;) {
		long done = 0;
		while (done < 4000 && (got = read(ends[0], record + done, 4000 - done)) > 0)
			done += got;
		if (done == 0)
			break;
		for (long i = 1; i < done; i++)
			mixed += record[i] != record[0];
		total += done;
	}
	SHOW(total);
	SHOW(mixed);
	finish("a", a);
	finish("b", b);
	/* A pipe without a reader. */
	CALL(pipe(ends));
	close(ends[0]);
	handle(SIGPIPE, SIG_IGN, 0);
	CALL(writev(ends[1], parts, 2));
	return 0;
}

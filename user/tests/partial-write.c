/* A signal ends a write to a pipe after a part, whose length is returned. */
#include "show.h"

static int ends[2];

static void writer(void)
{
	static char block[200000];
	handle(SIGUSR1, ignore_call, SA_RESTART);
	say("write = %ld", (long)write(ends[1], block, sizeof(block)));
}

int main(void)
{
	static char block[100000];
	pipe(ends);
	pid_t pid = start(writer);
	until_state(pid, 'S');
	kill(pid, SIGUSR1);
	finish("writer", pid);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	long total = 0, got;
	while ((got = read(ends[0], block, sizeof(block))) > 0)
		total += got;
	SHOW(total);
	return 0;
}

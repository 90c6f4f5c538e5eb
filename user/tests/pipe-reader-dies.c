/* A write to a pipe waits for room while its only reader is killed. */
#include "show.h"

static int ends[2];
static struct gate gate;
static volatile sig_atomic_t pipes_broken;

static void count_broken(int number)
{
	(void)number;
	pipes_broken++;
}

static void reader(void)
{
	close(ends[1]);
	pass_gate(&gate);
	raise(SIGKILL);
}

static void writer(void)
{
	static char block[200000];
	close(ends[0]);
	handle(SIGPIPE, count_broken, 0);
	/* The write fills the pipe, and then waits. */
	long got = write(ends[1], block, sizeof(block));
	say("write = %ld", got);
	SHOW(pipes_broken);
	CALL(write(ends[1], block, 1));
	SHOW(pipes_broken);
}

int main(void)
{
	pipe(ends);
	gate = new_gate();
	pid_t reading = start(reader), writing = start(writer);
	close(ends[0]);
	close(ends[1]);
	until_state(writing, 'S');
	open_gate(&gate);
	finish("writer", writing);
	finish("reader", reading);
	return 0;
}

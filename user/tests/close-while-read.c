/* One thread closes a descriptor that another thread reads: the read continues with the open
 * file. */
#include "show.h"

#include <pthread.h>

static int ends[2];
static volatile int reader_id;
static long result;

static void *reader(void *unused)
{
	char byte = 0;
	(void)unused;
	reader_id = syscall(SYS_gettid);
	result = read(ends[0], &byte, 1);
	return (void *)(long)byte;
}

int main(void)
{
	pthread_t thread;
	void *byte;
	pipe(ends);
	if (pthread_create(&thread, NULL, reader, NULL))
		give_up("pthread_create");
	while (!reader_id)
		usleep(1000);
	until_state(reader_id, 'S');
	CALL(close(ends[0]));
	/* The number can be reused for another file at once. */
	FACT(open("/dev/null", O_RDONLY) == ends[0]);
	CALL(write(ends[1], "x", 1));
	pthread_join(thread, &byte);
	SHOW(result);
	say("byte '%c'", (int)(long)byte);
	signal(SIGPIPE, SIG_IGN);
	CALL(write(ends[1], "x", 1));
	return 0;
}

/* As close-while-read, with two processes that share their descriptors. */
#include "show.h"

#include <sched.h>

static int ends[2];

int main(void)
{
	pipe(ends);
	pid_t pid = syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0L, 0L, 0L, 0L);
	if (pid == 0) {
		char text[8] = "";
		CALL(read(ends[0], text, 3));
		TEXT(text);
		CALL(read(ends[0], text, 3));
		_exit(0);
	}
	until_state(pid, 'S');
	CALL(close(ends[0]));
	write(ends[1], "abc", 3);
	finish("reader", pid);
	return 0;
}

/* Threads: exec and exit_group end all of them; the end of a thread doesn't end the process. */
#include "show.h"

#include <pthread.h>

static void *sleeps(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *executes(void *unused)
{
	execl("/proc/self/exe", "x", "again", (char *)NULL);
	return unused;
}

static void *exits(void *unused)
{
	_exit(6);
	return unused;
}

static void *faults(void *unused)
{
	*(volatile char *)8 = 1;
	return unused;
}

static void with(void *(*body)(void *))
{
	pthread_t threads[4];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, sleeps, NULL);
	pthread_create(&threads[3], NULL, body, NULL);
	sleeps(NULL);
}

static void by_exec(void) { with(executes); }
static void by_exit(void) { with(exits); }
static void by_fault(void) { with(faults); }

static void *late(void *first)
{
	/* The first thread is a zombie, but the process is alive. */
	until_state(*(int *)first, 'Z');
	say("alone");
	_exit(8);
	return NULL;
}

static void first_ends(void)
{
	static int self;
	pthread_t thread;
	self = getpid();
	pthread_create(&thread, NULL, late, &self);
	syscall(SYS_exit, 0);
}

int main(int count, char **given)
{
	(void)given;
	if (count > 1) {
		FACT(syscall(SYS_gettid) == getpid());
		return 3;
	}
	in_child("exec", by_exec);
	in_child("exit_group", by_exit);
	in_child("fault", by_fault);
	in_child("first thread ends", first_ends);
	return 0;
}

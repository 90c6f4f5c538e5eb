/* A mapped file is truncated by another process: accesses beyond its end cause SIGBUS. */
#include "show.h"

#include <setjmp.h>

static sigjmp_buf out;
static char *map;
static struct gate gate, done;
static siginfo_t got;

static void on_bus(int number, siginfo_t *info, void *context)
{
	(void)context;
	got = *info;
	siglongjmp(out, number);
}

static void touch(long at)
{
	int number = sigsetjmp(out, 1);
	if (number == 0)
		say("at %ld: %d", at, *(volatile char *)(map + at));
	else
		say("at %ld: %s, code %d, address %ld", at, signal_name(number), got.si_code,
		    (long)((char *)got.si_addr - map));
}

static void write_at(long at)
{
	int number = sigsetjmp(out, 1);
	if (number == 0) {
		*(volatile char *)(map + at) = 'w';
		say("written at %ld", at);
	} else {
		say("write at %ld: %s", at, signal_name(number));
	}
}

static void other(void)
{
	pass_gate(&gate);
	CALL(truncate("file", PAGE + 10));
	open_gate(&done);
	pass_gate(&gate);
	CALL(truncate("file", 4 * PAGE));
	open_gate(&done);
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = on_bus, .sa_flags = SA_SIGINFO };
	sigaction(SIGBUS, &action, NULL);
	int fd = open("file", O_RDWR | O_CREAT, 0644);
	char page[PAGE];
	memset(page, 7, PAGE);
	for (int i = 0; i < 4; i++)
		write(fd, page, PAGE);
	map = mmap(NULL, 5 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	char *private = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	private[2 * PAGE] = 'p';
	gate = new_gate();
	done = new_gate();
	pid_t pid = start(other);
	touch(3 * PAGE);
	touch(4 * PAGE);
	open_gate(&gate);
	pass_gate(&done);
	touch(0);
	touch(PAGE + 5);
	touch(PAGE + 20);
	touch(2 * PAGE);
	touch(3 * PAGE + 99);
	write_at(2 * PAGE);
	/* Copies by the kernel fail, too. */
	int ends[2];
	pipe(ends);
	CALL(write(ends[1], map + 2 * PAGE, 10));
	CALL(write(ends[1], map + 2 * PAGE - 4, 10));
	/* Even a private copy of a page is removed. */
	map = private;
	touch(2 * PAGE);
	touch(3 * PAGE);
	open_gate(&gate);
	pass_gate(&done);
	touch(2 * PAGE);
	finish("other", pid);
	return 0;
}

/* poll and ppoll. */
#include "show.h"

static int ends[2];

static const char *events(short bits)
{
	static char text[64];
	snprintf(text, sizeof(text), "%s%s%s%s%s", bits & POLLIN ? " IN" : "", bits & POLLOUT ? " OUT" : "",
		 bits & POLLERR ? " ERR" : "", bits & POLLHUP ? " HUP" : "", bits & POLLNVAL ? " NVAL" : "");
	return text;
}

static void show_poll(int fd, short wanted)
{
	struct pollfd one = { fd, wanted, 0x7fff };
	int count = poll(&one, 1, 0);
	say("poll = %d:%s", count, events(one.revents));
}

static void waits(void)
{
	struct pollfd one = { ends[0], POLLIN, 0 };
	CALL(poll(&one, 1, -1));
}

static void interrupted(void)
{
	struct pollfd one = { ends[0], POLLIN, 0 };
	handle(SIGUSR1, ignore_call, SA_RESTART);
	CALL(poll(&one, 1, -1));
}

/* Many descriptors, at the end of a page, and some more in a page that is read-only or missing. */
static void many(void)
{
	enum { COUNT = 200 };
	char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int pair[2];
	pipe(pair);
	write(pair[1], "x", 1);
	struct pollfd *all = (struct pollfd *)(pages + PAGE) - COUNT;
	for (int i = 0; i < COUNT + 1; i++)
		all[i] = (struct pollfd){ i % 3 ? pair[i % 2] : -1, POLLIN, 0x40 };
	all[70].fd = 99;
	CALL(poll(all, COUNT, 0));
	int in = 0, invalid = 0, none = 0;
	for (int i = 0; i < COUNT; i++) {
		in += all[i].revents == POLLIN;
		invalid += all[i].revents == POLLNVAL;
		none += all[i].revents == 0;
	}
	SHOW(in);
	SHOW(invalid);
	SHOW(none);
	all[COUNT] = (struct pollfd){ -1, POLLIN, 0 };
	CALL(poll(all, COUNT + 1, 0));
	mprotect(pages + PAGE, PAGE, PROT_READ);
	CALL(poll(all, COUNT + 1, 0));
	munmap(pages + PAGE, PAGE);
	CALL(poll(all, COUNT + 1, 0));
	CALL(poll(all, COUNT, 0));
	close(pair[0]);
	close(pair[1]);
}

int main(void)
{
	many();
	pipe(ends);
	show_poll(ends[0], POLLIN);
	show_poll(ends[1], POLLOUT);
	show_poll(ends[1], POLLIN);
	write(ends[1], "x", 1);
	show_poll(ends[0], POLLIN | POLLOUT);
	show_poll(99, POLLIN);
	show_poll(-1, POLLIN);
	int fd = open("file", O_RDWR | O_CREAT, 0644), folder = open(".", O_RDONLY);
	show_poll(fd, POLLIN | POLLOUT);
	show_poll(folder, POLLIN | POLLOUT);
	show_poll(open("/dev/null", O_RDWR), POLLIN | POLLOUT);
	char byte;
	read(ends[0], &byte, 1);

	pid_t pid = start(waits);
	until_state(pid, 'S');
	write(ends[1], "x", 1);
	finish("waits", pid);
	read(ends[0], &byte, 1);
	pid = start(interrupted);
	until_state(pid, 'S');
	kill(pid, SIGUSR1);
	finish("interrupted", pid);

	int twin = dup(ends[1]);
	close(twin);
	close(ends[1]);
	show_poll(ends[0], POLLIN);
	show_poll(ends[0], 0);
	pipe(ends);
	close(ends[0]);
	show_poll(ends[1], POLLOUT);

	CALL(poll(NULL, 0, 0));
	CALL(poll(NULL, 1, 0));
	CALL(poll((void *)8, 1, 0));
	CALL(syscall(SYS_poll, NULL, 1 << 30, 0));
	struct timespec moment = { 0, 1000 }, bad = { 0, 1000000000 }, negative = { -1, 0 };
	CALL(ppoll(NULL, 0, &moment, NULL));
	CALL(ppoll(NULL, 0, &bad, NULL));
	CALL(ppoll(NULL, 0, &negative, NULL));

	/* A signal that is unblocked only during ppoll. */
	sigset_t blocked, none;
	sigemptyset(&none);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	handle(SIGUSR1, ignore_call, 0);
	raise(SIGUSR1);
	CALL(ppoll(NULL, 0, NULL, &none));
	sigprocmask(SIG_BLOCK, NULL, &none);
	FACT(sigismember(&none, SIGUSR1));
	return 0;
}

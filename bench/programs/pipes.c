/* Bytes through pipes, and waiting for one of many descriptors. */
#include "measure.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#define DESCRIPTORS_MAX 1000

/* A byte into a pipe and out of it, in one process. */
static void pipe_self(const char *name)
{
	int ends[2];
	char sent = 42, received = 0;
	if (pipe(ends) < 0)
		skip(name, -errno);
	MEASURE(name, SAMPLES, 1000, {
		call3(SYS_write, ends[1], &sent, 1);
		call3(SYS_read, ends[0], &received, 1);
	});
	check(name, received);
}

/* A byte to another process and back: two writes, two reads, two switches. */
static void pipe_roundtrip(const char *name)
{
	enum { TRIPS = 500 };
	int there[2], back[2];
	char c = 0;
	if (pipe(there) < 0 || pipe(back) < 0)
		skip(name, -errno);
	long pid = call0(SYS_fork);
	if (pid < 0)
		skip(name, pid);
	if (pid == 0) {
		call1(SYS_close, there[1]);
		call1(SYS_close, back[0]);
		while (call3(SYS_read, there[0], &c, 1) == 1) {
			c++;
			if (call3(SYS_write, back[1], &c, 1) != 1)
				break;
		}
		end(0);
	}
	MEASURE(name, SAMPLES, TRIPS, {
		call3(SYS_write, there[1], &c, 1);
		call3(SYS_read, back[0], &c, 1);
	});
	call1(SYS_close, there[1]);
	reap(pid);
	check(name, (unsigned char)c);
}

/* Makes `count` pipes and writes a byte into the last one; their ends for reading are in `fds`. */
static void make_pipes(const char *name, int *fds, int count)
{
	struct rlimit limit = { 3 * DESCRIPTORS_MAX, 3 * DESCRIPTORS_MAX };
	setrlimit(RLIMIT_NOFILE, &limit);
	int ends[2];
	for (int i = 0; i < count; i++) {
		if (pipe(ends) < 0)
			skip(name, -errno);
		fds[i] = ends[0];
	}
	if (write(ends[1], "x", 1) != 1)
		skip(name, -errno);
}

/* poll(2) that may wait, where only the last descriptor is ready. */
static void poll_many(const char *name, int count, uint64_t operations)
{
	static struct pollfd polled[DESCRIPTORS_MAX];
	static int fds[DESCRIPTORS_MAX];
	make_pipes(name, fds, count);
	for (int i = 0; i < count; i++)
		polled[i] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	long result = call3(SYS_poll, polled, count, -1);
	if (result < 0)
		skip(name, result);
	MEASURE(name, SAMPLES, operations, result = call3(SYS_poll, polled, count, -1));
	uint64_t ready = 0;
	for (int i = 0; i < count; i++)
		ready += (uint64_t)(i + 1) * polled[i].revents;
	check(name, result * 1000000 + ready);
}

static void poll_1(const char *name)
{
	poll_many(name, 1, 1000);
}

static void poll_100(const char *name)
{
	poll_many(name, 100, 50);
}

static void poll_1000(const char *name)
{
	poll_many(name, 1000, 5);
}

/* epoll_wait(2), where one of 1,000 descriptors is ready. */
static void epoll_1000(const char *name)
{
	static int fds[DESCRIPTORS_MAX];
	make_pipes(name, fds, DESCRIPTORS_MAX);
	int set = epoll_create1(0);
	for (int i = 0; i < DESCRIPTORS_MAX; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u64 = i + 1 };
		if (epoll_ctl(set, EPOLL_CTL_ADD, fds[i], &event) < 0)
			skip(name, -errno);
	}
	struct epoll_event found[16] = { 0 };
	long result = 0;
	MEASURE(name, SAMPLES, 500, result = call4(SYS_epoll_wait, set, found, 16, -1));
	check(name, result * 1000000 + found[0].data.u64);
}

const struct operation pipes[] = {
	{ "pipe_self", pipe_self },
	{ "pipe_roundtrip", pipe_roundtrip },
	{ "poll_1", poll_1 },
	{ "poll_100", poll_100 },
	{ "poll_1000", poll_1000 },
	{ "epoll_wait_1000", epoll_1000 },
	{ 0 },
};

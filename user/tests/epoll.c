/* epoll: level-triggered, edge-triggered and one-shot events, and errors. */
#include "show.h"

#include <sys/epoll.h>

static int set;

static void show_wait(void)
{
	struct epoll_event found[8];
	int count = epoll_wait(set, found, 8, 0);
	if (count < 0) {
		say("epoll_wait: %s", error_name(errno));
		return;
	}
	say("%d ready", count);
	for (int i = 0; i < count; i++)
		say("  data %d:%s%s%s%s", (int)found[i].data.u32, found[i].events & EPOLLIN ? " IN" : "",
		    found[i].events & EPOLLOUT ? " OUT" : "", found[i].events & EPOLLHUP ? " HUP" : "",
		    found[i].events & EPOLLERR ? " ERR" : "");
}

static long control(int operation, int fd, unsigned events, unsigned data)
{
	struct epoll_event event = { .events = events, .data.u32 = data };
	return epoll_ctl(set, operation, fd, &event);
}

/* Of several ready files, those that were not reported come first. */
static void turns(void)
{
	enum { PIPES = 3 };
	int ends[PIPES][2];
	struct epoll_event found;
	char text[8];
	set = epoll_create1(0);
	for (int i = 0; i < PIPES; i++) {
		pipe(ends[i]);
		control(EPOLL_CTL_ADD, ends[i][0], EPOLLIN, i);
		write(ends[i][1], "x", 1);
	}
	for (int i = 0; i < 2 * PIPES; i++) {
		epoll_wait(set, &found, 1, 0);
		SHOW(found.data.u32);
	}
	/* An event that can't be written isn't lost. */
	CALL(epoll_wait(set, (void *)8, 1, 0));
	epoll_wait(set, &found, 1, 0);
	SHOW(found.data.u32);
	read(ends[1][0], text, sizeof(text));
	show_wait();
	write(ends[1][1], "x", 1);
	show_wait();
	for (int i = 0; i < PIPES; i++)
		close(ends[i][0]);
	show_wait();
	close(set);
}

int main(void)
{
	turns();
	int ends[2];
	char text[8];
	pipe(ends);
	set = CALL(epoll_create1(EPOLL_CLOEXEC));
	CALL(fcntl(set, F_GETFD));
	CALL(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
	CALL(control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 1));
	show_wait();
	write(ends[1], "abc", 3);
	show_wait();
	show_wait();
	CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLET, 2));
	show_wait();
	show_wait();
	write(ends[1], "d", 1);
	show_wait();
	CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN | EPOLLONESHOT, 3));
	show_wait();
	show_wait();
	CALL(control(EPOLL_CTL_MOD, ends[0], EPOLLIN, 4));
	show_wait();
	CALL(control(EPOLL_CTL_ADD, ends[1], EPOLLOUT, 5));
	read(ends[0], text, sizeof(text));
	show_wait();
	CALL(control(EPOLL_CTL_DEL, ends[1], 0, 0));
	CALL(control(EPOLL_CTL_DEL, ends[1], 0, 0));
	CALL(control(EPOLL_CTL_MOD, ends[1], EPOLLOUT, 0));
	/* A hang-up is always reported. */
	CALL(control(EPOLL_CTL_MOD, ends[0], 0, 6));
	close(ends[1]);
	show_wait();
	/* The last close of a file removes it from the set. */
	close(ends[0]);
	show_wait();

	CALL(control(EPOLL_CTL_ADD, 99, EPOLLIN, 0));
	CALL(control(EPOLL_CTL_ADD, set, EPOLLIN, 0));
	CALL(control(99, 0, 0, 0));
	int file = open("file", O_RDWR | O_CREAT, 0644);
	CALL(control(EPOLL_CTL_ADD, file, EPOLLIN, 0));
	CALL(epoll_ctl(set, EPOLL_CTL_ADD, 0, NULL));
	CALL(epoll_ctl(file, EPOLL_CTL_ADD, 0, &(struct epoll_event){ 0 }));
	struct epoll_event event;
	CALL(epoll_wait(set, &event, 0, 0));
	CALL(epoll_wait(set, &event, -1, 0));
	CALL(epoll_wait(set, (void *)8, 1, 0));
	CALL(epoll_wait(file, &event, 1, 0));
	CALL(epoll_wait(99, &event, 1, 0));
	CALL(epoll_create1(1));
	CALL(syscall(SYS_epoll_create, 0));
	/* A set in a set. */
	int outer = epoll_create1(0), inner = set;
	pipe(ends);
	control(EPOLL_CTL_ADD, ends[0], EPOLLIN, 7);
	set = outer;
	CALL(control(EPOLL_CTL_ADD, inner, EPOLLIN, 8));
	show_wait();
	write(ends[1], "x", 1);
	show_wait();
	set = inner;
	CALL(control(EPOLL_CTL_ADD, outer, EPOLLIN, 9));
	/* poll on a set. */
	struct pollfd one = { outer, POLLIN, 0 };
	CALL(poll(&one, 1, 0));
	return 0;
}

/* timerfd: timers as files. */
#include "show.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

static int fd;

static void set(long ns, long interval_ns)
{
	struct itimerspec time = { { 0, interval_ns }, { 0, ns } };
	CALL(timerfd_settime(fd, 0, &time, NULL));
}

int main(void)
{
	uint64_t count = 0;
	struct itimerspec time = { { 7, 0 }, { 1000, 5 } }, old;
	fd = CALL(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
	CALL(fcntl(fd, F_GETFD));
	CALL(read(fd, &count, 8));
	CALL(timerfd_gettime(fd, &old));
	FACT(old.it_value.tv_sec == 0 && old.it_value.tv_nsec == 0);
	CALL(timerfd_settime(fd, 0, &time, &old));
	CALL(timerfd_gettime(fd, &old));
	FACT(old.it_interval.tv_sec == 7 && old.it_value.tv_sec >= 900);
	CALL(read(fd, &count, 7));
	CALL(write(fd, &count, 8));
	/* An expiration can be read once. */
	set(1000000, 0);
	struct pollfd one = { fd, POLLIN, 0 };
	CALL(poll(&one, 1, -1));
	CALL(read(fd, &count, 8));
	SHOW(count);
	CALL(read(fd, &count, 8));
	/* The expirations of an interval are counted. */
	fcntl(fd, F_SETFL, 0);
	set(1000000, 1000000);
	uint64_t total = 0;
	int reads = 0;
	while (total < 5 && reads < 6) {
		if (read(fd, &count, 8) != 8)
			give_up("read");
		total += count;
		reads++;
	}
	FACT(total >= 5);
	struct timespec pause = { 0, 20000000 };
	nanosleep(&pause, NULL);
	CALL(read(fd, &count, 8));
	FACT(count >= 15);
	/* Setting the timer discards earlier expirations. */
	nanosleep(&pause, NULL);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	set(0, 0);
	CALL(read(fd, &count, 8));
	/* A time that has passed. */
	fcntl(fd, F_SETFL, 0);
	time = (struct itimerspec){ { 0, 0 }, { 0, 1 } };
	CALL(timerfd_settime(fd, TFD_TIMER_ABSTIME, &time, NULL));
	CALL(read(fd, &count, 8));
	SHOW(count);
	/* The descriptor in a set of files. */
	int files = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = 5 }, got;
	CALL(epoll_ctl(files, EPOLL_CTL_ADD, fd, &event));
	CALL(epoll_wait(files, &got, 1, 0));
	set(1000000, 0);
	CALL(epoll_wait(files, &got, 1, -1));
	SHOW(got.data.u32);
	/* A child shares the timer. */
	set(1000000, 0);
	pid_t pid = fork();
	if (pid == 0) {
		CALL(read(fd, &count, 8));
		_exit(count);
	}
	finish("child", pid);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	CALL(read(fd, &count, 8));
	CALL(timerfd_create(99, 0));
	CALL(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0));
	CALL(timerfd_create(CLOCK_REALTIME, 1));
	time.it_value.tv_nsec = 1000000000;
	CALL(timerfd_settime(fd, 0, &time, NULL));
	time.it_value.tv_nsec = 0;
	CALL(timerfd_settime(fd, 0x10, &time, NULL));
	CALL(timerfd_settime(0, 0, &time, NULL));
	CALL(timerfd_settime(99, 0, &time, NULL));
	CALL(syscall(SYS_timerfd_settime, fd, 0, 8, NULL));
	CALL(syscall(SYS_timerfd_gettime, fd, 8));
	return 0;
}

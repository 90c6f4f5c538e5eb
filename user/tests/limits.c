/* getrlimit, setrlimit and prlimit64. */
#include "show.h"

#include <sys/resource.h>

static struct rlimit limit;

static void open_files(void)
{
	limit = (struct rlimit){ 10, 20 };
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	int last = -1, fd;
	while ((fd = open("/dev/null", O_RDONLY)) >= 0)
		last = fd;
	say("the last is %d, then %s", last, error_name(errno));
	int ends[2];
	CALL(pipe(ends));
	CALL(dup2(0, 10));
	CALL(dup2(0, 9));
	CALL(fcntl(0, F_DUPFD, 10));
	limit.rlim_cur = 21;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 15;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(open("/dev/null", O_RDONLY));
}

static void file_size(void)
{
	limit = (struct rlimit){ 10, 10 };
	setrlimit(RLIMIT_FSIZE, &limit);
	signal(SIGXFSZ, SIG_IGN);
	int fd = open("file", O_RDWR | O_CREAT | O_TRUNC, 0644);
	CALL(write(fd, "0123456789abc", 13));
	CALL(write(fd, "x", 1));
	CALL(ftruncate(fd, 11));
	CALL(ftruncate(fd, 10));
	signal(SIGXFSZ, SIG_DFL);
	CALL(pwrite(fd, "x", 1, 10));
}

static void memory(void)
{
	limit = (struct rlimit){ 64 << 20, 64 << 20 };
	CALL(setrlimit(RLIMIT_AS, &limit));
	CALL(mmap(NULL, 100 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	DONE(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	limit = (struct rlimit){ 1 << 20, 1 << 20 };
	CALL(setrlimit(RLIMIT_DATA, &limit));
	char *begin = (char *)syscall(SYS_brk, 0L);
	FACT((char *)syscall(SYS_brk, begin + (2 << 20)) == begin);
}

static void processes(void)
{
	limit = (struct rlimit){ 1, 1 };
	setrlimit(RLIMIT_NPROC, &limit);
	CALL(setuid(12345));
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	say("fork: %s", pid < 0 ? error_name(errno) : "ok");
	wait(NULL);
}

static void seconds(void)
{
	limit = (struct rlimit){ 1, 2 };
	setrlimit(RLIMIT_CPU, &limit);
	for (;;)
		;
}

static void not_root(void)
{
	limit = (struct rlimit){ 30, 40 };
	setrlimit(RLIMIT_NOFILE, &limit);
	setuid(1000);
	limit.rlim_max = 41;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = 35;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_max = 36;
	CALL(setrlimit(RLIMIT_NOFILE, &limit));
	CALL(prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit));
}

int main(void)
{
	for (int i = 0; i < 16; i++)
		CALL(getrlimit(i, &limit));
	CALL(getrlimit(16, &limit));
	CALL(getrlimit(-1, &limit));
	getrlimit(RLIMIT_NOFILE, &limit);
	SHOW(limit.rlim_cur);
	getrlimit(RLIMIT_STACK, &limit);
	FACT(limit.rlim_max == RLIM_INFINITY);
	limit = (struct rlimit){ 5, 4 };
	CALL(setrlimit(RLIMIT_CORE, &limit));
	CALL(syscall(SYS_getrlimit, RLIMIT_CORE, 8));
	CALL(syscall(SYS_setrlimit, RLIMIT_CORE, 8));
	CALL(prlimit(99999, RLIMIT_CORE, NULL, &limit));
	limit = (struct rlimit){ 0, 100 };
	struct rlimit old;
	CALL(prlimit(0, RLIMIT_CORE, &limit, &old));
	CALL(prlimit(getpid(), RLIMIT_CORE, NULL, &old));
	say("%ld %ld", (long)old.rlim_cur, (long)old.rlim_max);
	in_child("open files", open_files);
	in_child("file size", file_size);
	in_child("memory", memory);
	in_child("processes", processes);
	in_child("seconds", seconds);
	in_child("not root", not_root);
	return 0;
}

/* Advisory locks: fcntl's belong to processes; open file description locks and flock's to open
 * files. */
#include "show.h"

#include <sys/file.h>

static int fd;

static long lock(int file, int command, short type, off_t start, off_t length)
{
	struct flock wanted = { .l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length };
	long result = fcntl(file, command, &wanted);
	if (command == F_GETLK && result == 0)
		say("F_GETLK: %s from %ld, %ld bytes%s", wanted.l_type == F_UNLCK ? "free" :
		    wanted.l_type == F_RDLCK ? "read" : "write", (long)wanted.l_start, (long)wanted.l_len,
		    wanted.l_type == F_UNLCK ? "" : wanted.l_pid == getppid() ? ", the parent's" : ", another's");
	return result;
}

static void other(void)
{
	CALL(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	CALL(lock(fd, F_SETLK, F_RDLCK, 0, 10));
	CALL(lock(fd, F_SETLK, F_WRLCK, 10, 10));
	CALL(lock(fd, F_SETLK, F_RDLCK, 20, 10));
	CALL(lock(fd, F_SETLK, F_WRLCK, 20, 10));
	CALL(lock(fd, F_GETLK, F_WRLCK, 0, 5));
	CALL(lock(fd, F_GETLK, F_WRLCK, 22, 1));
	CALL(lock(fd, F_GETLK, F_WRLCK, 50, 0));
}

static void after_close(void)
{
	CALL(lock(fd, F_GETLK, F_WRLCK, 0, 0));
}

static void flocks(void)
{
	int own = open("file", O_RDWR);
	CALL(flock(own, LOCK_EX | LOCK_NB));
	CALL(flock(own, LOCK_SH | LOCK_NB));
	/* The inherited descriptor has the parent's lock. */
	CALL(flock(fd, LOCK_EX | LOCK_NB));
	CALL(flock(fd, LOCK_UN));
	CALL(flock(own, LOCK_EX | LOCK_NB));
}

static void waits(void)
{
	CALL(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
}

static void is_interrupted(void)
{
	handle(SIGUSR1, ignore_call, 0);
	CALL(lock(fd, F_SETLKW, F_WRLCK, 0, 1));
}

int main(void)
{
	fd = open("file", O_RDWR | O_CREAT, 0644);
	CALL(lock(fd, F_SETLK, F_WRLCK, 0, 10));
	CALL(lock(fd, F_SETLK, F_RDLCK, 20, 10));
	in_child("other", other);
	/* The middle is unlocked: two locks remain. */
	CALL(lock(fd, F_SETLK, F_UNLCK, 3, 3));
	in_child("other", after_close);
	/* Closing any descriptor of the file removes the process's locks. */
	close(open("file", O_RDONLY));
	in_child("other", after_close);
	CALL(lock(fd, F_SETLK, 99, 0, 1));
	CALL(lock(fd, F_SETLK, F_WRLCK, -1, 1));
	CALL(lock(99, F_SETLK, F_WRLCK, 0, 1));
	int readable = open("file", O_RDONLY);
	CALL(lock(readable, F_SETLK, F_WRLCK, 0, 1));

	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	pid_t pid = start(waits);
	until_state(pid, 'S');
	say("unlocks");
	lock(fd, F_SETLK, F_UNLCK, 0, 1);
	finish("waits", pid);

	lock(fd, F_SETLK, F_WRLCK, 0, 1);
	pid = start(is_interrupted);
	until_state(pid, 'S');
	kill(pid, SIGUSR1);
	finish("is_interrupted", pid);

	/* Open file description locks. */
	lock(fd, F_SETLK, F_UNLCK, 0, 0);
	int second = open("file", O_RDWR);
	CALL(lock(fd, F_OFD_SETLK, F_WRLCK, 0, 5));
	CALL(lock(second, F_OFD_SETLK, F_WRLCK, 0, 5));
	CALL(lock(second, F_OFD_SETLK, F_WRLCK, 5, 5));
	close(second);

	CALL(flock(fd, LOCK_SH));
	in_child("flocks", flocks);
	CALL(flock(fd, LOCK_SH | LOCK_EX));
	CALL(flock(99, LOCK_SH));
	return 0;
}

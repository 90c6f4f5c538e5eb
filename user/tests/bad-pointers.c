/* Bad pointers for every call that takes one: they only cause an error. */
#include "show.h"

struct row { const char *name; long number; long arguments[6]; int pointers; };

/* Each bit of `pointers` is an argument that is replaced by bad pointers, one at a time. */
#define ROW(name, pointers, ...) { #name, SYS_##name, { __VA_ARGS__ }, pointers }

static char good[65536] __attribute__((aligned(4096)));
static int folder, file, ends[2], set;

static const unsigned long bad[] = { 8, 0x8000000000000000, 0xffff800000000000, 0xffffffff80000000,
	0xfffffffffffffff8, 0x7ffffffffffc };

static void try(const struct row *row)
{
	char line[2048] = "";
	for (int argument = 0; argument < 6; argument++) {
		if (!(row->pointers & 1 << argument))
			continue;
		/* All bad pointers have to have the same result. */
		const char *first = NULL;
		for (size_t i = 0; i < COUNT(bad); i++) {
			long values[6];
			memcpy(values, row->arguments, sizeof(values));
			values[argument] = bad[i];
			errno = 0;
			long result = syscall(row->number, values[0], values[1], values[2], values[3], values[4],
					      values[5]);
			const char *outcome = result == -1 ? error_name(errno) : "ok";
			if (!first || strcmp(first, outcome))
				snprintf(line + strlen(line), sizeof(line) - strlen(line), "%s%s",
					 first ? "/" : " ", outcome);
			first = outcome;
		}
	}
	say("%s:%s", row->name, line);
}

int main(void)
{
	memset(good, 0, sizeof(good));
	strcpy(good, "file");
	make_file("file", "0123456789");
	file = open("file", O_RDWR);
	folder = open(".", O_RDONLY);
	pipe(ends);
	long path = (long)good, buffer = (long)(good + 8192);
	set = syscall(SYS_epoll_create1, 0);
	const struct row rows[] = {
		ROW(read, 2, file, buffer, 4), ROW(write, 2, file, buffer, 4),
		ROW(pread64, 2, file, buffer, 4, 0), ROW(pwrite64, 2, file, buffer, 4, 0),
		ROW(readv, 2, file, buffer, 1), ROW(writev, 2, file, buffer, 1),
		ROW(open, 1, path, 0), ROW(openat, 2, AT_FDCWD, path, 0), ROW(creat, 1, path, 0644),
		ROW(stat, 3, path, buffer), ROW(lstat, 3, path, buffer), ROW(fstat, 2, file, buffer),
		ROW(newfstatat, 6, AT_FDCWD, path, buffer, 0),
		ROW(statx, 18, AT_FDCWD, path, 0, 0x7ff, buffer),
		ROW(access, 1, path, 0), ROW(faccessat, 2, AT_FDCWD, path, 0),
		ROW(pipe, 1, buffer), ROW(pipe2, 1, buffer, 0),
		ROW(poll, 1, buffer, 1, 0), ROW(ppoll, 5, buffer, 1, buffer + 64, 0, 8),
		ROW(select, 30, 10, buffer, buffer + 128, buffer + 256, buffer + 512),
		ROW(epoll_ctl, 8, set, 1, ends[0], buffer), ROW(getdents64, 2, folder, buffer, 1000),
		ROW(getcwd, 1, buffer, 1000), ROW(chdir, 1, path), ROW(chroot, 1, path),
		ROW(mkdir, 1, path, 0755), ROW(mkdirat, 2, AT_FDCWD, path, 0755), ROW(rmdir, 1, path),
		ROW(unlink, 1, buffer), ROW(unlinkat, 2, AT_FDCWD, buffer, 0),
		ROW(rename, 3, path, path), ROW(renameat, 10, AT_FDCWD, path, AT_FDCWD, path),
		ROW(renameat2, 10, AT_FDCWD, path, AT_FDCWD, path, 0),
		ROW(link, 3, path, path), ROW(symlink, 3, path, path),
		ROW(readlink, 3, path, buffer, 100), ROW(readlinkat, 6, AT_FDCWD, path, buffer, 100),
		ROW(chmod, 1, path, 0644), ROW(fchmodat, 2, AT_FDCWD, path, 0644),
		ROW(chown, 1, path, 0, 0), ROW(lchown, 1, path, 0, 0), ROW(fchownat, 2, AT_FDCWD, path, 0, 0, 0),
		ROW(truncate, 1, path, 10), ROW(mknod, 1, path, S_IFREG, 0),
		ROW(utimensat, 6, AT_FDCWD, path, buffer, 0), ROW(utime, 3, path, buffer),
		ROW(utimes, 3, path, buffer), ROW(statfs, 3, path, buffer), ROW(fstatfs, 2, file, buffer),
		ROW(execve, 7, path, 0, 0), ROW(execveat, 14, AT_FDCWD, path, 0, 0, 0),
		ROW(rt_sigaction, 6, SIGUSR1, 0, 0, 8), ROW(rt_sigprocmask, 6, SIG_BLOCK, 0, 0, 8),
		ROW(rt_sigpending, 1, buffer, 8), ROW(rt_sigtimedwait, 5, buffer, 0, buffer, 8),
		ROW(rt_sigqueueinfo, 4, getpid(), SIGCHLD, buffer), ROW(sigaltstack, 3, 0, 0),
		ROW(nanosleep, 1, buffer, 0), ROW(clock_nanosleep, 4, CLOCK_MONOTONIC, 0, buffer, 0),
		ROW(clock_gettime, 2, CLOCK_REALTIME, buffer), ROW(clock_getres, 2, CLOCK_REALTIME, buffer),
		ROW(gettimeofday, 3, 0, 0), ROW(time, 1, 0), ROW(times, 1, 0),
		ROW(getitimer, 2, 0, buffer), ROW(setitimer, 6, 0, buffer, 0),
		ROW(timer_create, 6, CLOCK_MONOTONIC, 0, buffer),
		ROW(getrlimit, 2, 3, buffer), ROW(setrlimit, 2, 4, buffer), ROW(prlimit64, 12, 0, 3, 0, 0),
		ROW(getrusage, 2, 0, buffer), ROW(uname, 1, buffer), ROW(sysinfo, 1, buffer),
		ROW(getgroups, 2, 0, buffer), ROW(getresuid, 7, buffer, buffer, buffer),
		ROW(getresgid, 7, buffer, buffer, buffer), ROW(getrandom, 1, buffer, 16, 0),
		ROW(sched_getaffinity, 4, 0, 128, buffer), ROW(sched_setaffinity, 4, 0, 128, buffer),
		ROW(sched_getparam, 2, 0, buffer), ROW(sched_rr_get_interval, 2, 0, buffer),
		ROW(futex, 1, buffer, 0, 1, 0), ROW(mincore, 4, path & -4096, 4096, buffer),
		ROW(memfd_create, 1, path, 0), ROW(sendfile, 4, file, file, buffer, 0),
		ROW(splice, 2, file, buffer, ends[1], 0, 1, 0), ROW(getcpu, 3, 0, 0, 0),
		ROW(sethostname, 1, buffer, 4), ROW(wait4, 2, -1, 0, 1, 0),
		ROW(setgroups, 2, 4, buffer),
	};
	for (size_t i = 0; i < COUNT(rows); i++)
		try(&rows[i]);
	return 0;
}

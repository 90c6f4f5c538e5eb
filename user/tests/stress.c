/*
 * Processes and threads that fork, map, fault, send signals and end in a random order. Each failed
 * check is counted. `stress SECONDS SEED` sets the duration and the seed.
 */
#include "show.h"

#include <pthread.h>
#include <sched.h>

#define WORKERS 6
#define PAGES 64

static long deadline;
static volatile sig_atomic_t signals;

static long now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

/* SplitMix64, a random number generator. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = (*state += 0x9E3779B97F4A7C15);
	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
	return z ^ (z >> 31);
}

static void count_signal(int number)
{
	(void)number;
	signals++;
}

/* Fills pages with their numbers; a child changes its copies, but the parent's pages keep them. */
static int copies(uint64_t *random)
{
	uint64_t own = next(random), *place = (uint64_t *)new_pages(PAGES, PROT_READ | PROT_WRITE);
	int status, bad = 0;
	for (int i = 0; i < PAGES; i++)
		place[i * 512] = own + i;
	pid_t pid = fork();
	if (pid < 0) {
		munmap(place, PAGES * PAGE);
		return errno != EAGAIN && errno != ENOMEM;
	}
	if (pid == 0) {
		for (int i = 0; i < PAGES; i++) {
			bad += place[i * 512] != own + i;
			place[i * 512] = ~own;
		}
		_exit(bad != 0);
	}
	for (int i = 0; i < PAGES; i += 3)
		bad += place[i * 512] != own + i;
	while (waitpid(pid, &status, 0) < 0)
		;
	for (int i = 0; i < PAGES; i++)
		bad += place[i * 512] != own + i;
	munmap(place, PAGES * PAGE);
	return bad + (status != 0);
}

/* Maps, protects, unmaps and moves parts of a range. */
static int pieces(uint64_t *random)
{
	char *place = new_pages(PAGES, PROT_READ | PROT_WRITE);
	int bad = 0;
	for (int i = 0; i < 30; i++) {
		uint64_t number = next(random);
		char *piece = place + number % PAGES * PAGE;
		size_t length = (1 + (number >> 8) % (PAGES - number % PAGES)) * PAGE;
		switch ((number >> 20) % 5) {
		case 0:
			bad += mprotect(piece, length, PROT_READ) < 0 && errno != ENOMEM;
			break;
		case 1:
			bad += munmap(piece, length) < 0;
			break;
		case 2:
			bad += mmap(piece, length, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != piece;
			break;
		case 3:
			bad += madvise(piece, length, MADV_DONTNEED) < 0 && errno != ENOMEM;
			break;
		default:
			if (mmap(piece, length, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == piece)
				memset(piece, 0x5A, length);
		}
	}
	munmap(place, PAGES * PAGE);
	return bad;
}

/* Signals stop, continue and kill a child at random moments. */
static int ends(uint64_t *random)
{
	int status;
	pid_t pid = fork();
	if (pid < 0)
		return errno != EAGAIN && errno != ENOMEM;
	if (pid == 0) {
		volatile char *place = new_pages(PAGES, PROT_READ | PROT_WRITE);
		for (long i = 0;; i++)
			place[i % PAGES * PAGE] = i;
	}
	for (int i = next(random) % 8; i > 0; i--) {
		kill(pid, SIGSTOP);
		sched_yield();
		kill(pid, SIGCONT);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		;
	return !WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL;
}

static void *touches(void *place)
{
	for (int i = 0; i < PAGES; i++)
		((volatile char *)place)[i * PAGE] += 1;
	return NULL;
}

/* Threads access the same new pages at the same time. */
static int threads(uint64_t *random)
{
	pthread_t made[4];
	int count = 1 + next(random) % 4, bad = 0, started = 0;
	char *place = new_pages(PAGES, PROT_READ | PROT_WRITE);
	for (int i = 0; i < count; i++)
		started += pthread_create(&made[started], NULL, touches, place) == 0;
	for (int i = 0; i < started; i++)
		pthread_join(made[i], NULL);
	for (int i = 0; i < PAGES; i++)
		bad += place[i * PAGE] > started || (started && !place[i * PAGE]);
	munmap(place, PAGES * PAGE);
	return bad;
}

static int executes(uint64_t *random)
{
	int status;
	pid_t pid = next(random) & 1 ? fork() : vfork();
	if (pid == 0) {
		execl("/proc/self/exe", "stress", "end", (char *)NULL);
		_exit(1);
	}
	if (pid < 0)
		return errno != EAGAIN && errno != ENOMEM;
	while (waitpid(pid, &status, 0) < 0)
		;
	return status != 0;
}

/* All bytes that are written to a pipe are read from it, while signals interrupt both sides. */
static int pipes(uint64_t *random)
{
	int ends[2], status, bad = 0;
	uint64_t seed = next(random), word;
	if (pipe(ends) < 0)
		return 1;
	pid_t pid = fork();
	if (pid == 0) {
		uint64_t state = seed;
		for (int i = 0; i < 3000; i++) {
			word = next(&state);
			if (write(ends[1], &word, sizeof(word)) != sizeof(word))
				_exit(1);
			if (i % 100 == 0)
				kill(getppid(), SIGUSR1);
		}
		_exit(0);
	}
	close(ends[1]);
	for (int i = 0; pid > 0 && i < 3000; i++) {
		ssize_t got;
		while ((got = read(ends[0], &word, sizeof(word))) < 0 && errno == EINTR)
			;
		bad += got != sizeof(word) || word != next(&seed);
	}
	close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		;
	return bad + (pid > 0 && status != 0);
}

static void worker(uint64_t seed)
{
	static int (*const actions[])(uint64_t *) = { copies, pieces, ends, threads, executes, pipes };
	int bad = 0;
	long rounds = 0;
	handle(SIGUSR1, count_signal, SA_RESTART);
	do {
		int action = next(&seed) % COUNT(actions), failed = actions[action](&seed);
		if (failed)
			say("action %d: %d checks have failed", action, failed);
		bad += failed != 0;
	} while (++rounds < 12 || now() < deadline);
	_exit(bad > 100 ? 100 : bad);
}

int main(int count, char **given)
{
	if (count == 2)
		return 0;
	long seconds = count > 2 ? atol(given[1]) : 0;
	uint64_t seed = count > 2 ? strtoull(given[2], NULL, 0) : 1;
	pid_t pids[WORKERS];
	int good = 0, status;
	deadline = now() + seconds;
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			worker(seed + i);
	}
	for (int i = 0; i < WORKERS; i++)
		good += waitpid(pids[i], &status, 0) == pids[i] && status == 0;
	SHOW(good);
	CALL(waitpid(-1, &status, 0));
	return 0;
}

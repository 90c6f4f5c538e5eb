/*
 * Switches between processes: a word goes around a ring of processes through pipes. Each of them
 * reads it, reads a word of each cache line of its working set, and writes the word, one larger,
 * to the next. An operation is one such step.
 */
#include "measure.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PROCESSES_MAX 96
#define LINE_WORDS 8
/* The word that ends a process. */
#define LAST UINT64_MAX

static int ends[PROCESSES_MAX][2];
static uint64_t *set;
static size_t words;

static void read_set(void)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < words; i += 8 * LINE_WORDS)
#pragma GCC unroll 8
		for (size_t j = 0; j < 8 * LINE_WORDS; j += LINE_WORDS)
			sum += set[i + j];
	__asm__ volatile("" ::"r"(sum));
}

/* Returns whether a word was read and written. */
static int step(int from, int to, uint64_t *word)
{
	if (call3(SYS_read, ends[from][0], word, sizeof(*word)) != sizeof(*word))
		return 0;
	read_set();
	*word += *word != LAST;
	return call3(SYS_write, ends[to][1], word, sizeof(*word)) == sizeof(*word) && *word != LAST;
}

static void ring(const char *name, int processes, size_t kib, int laps)
{
	words = kib * 1024 / sizeof(*set);
	if (words)
		set = mmap(NULL, kib * 1024, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (set == MAP_FAILED)
		skip(name, -errno);
	for (int i = 0; i < processes; i++)
		if (pipe(ends[i]) < 0)
			skip(name, -errno);
	long pids[PROCESSES_MAX];
	uint64_t word = 0;
	for (int i = 1; i < processes; i++) {
		pids[i] = call0(SYS_fork);
		if (pids[i] < 0)
			skip(name, pids[i]);
		if (pids[i] == 0) {
			/* Gives the process its own pages. */
			if (words)
				memset(set, i, kib * 1024);
			while (step(i, (i + 1) % processes, &word))
				;
			end(0);
		}
	}
	if (words)
		memset(set, 1, kib * 1024);
	/* Each lap begins and ends with this process. */
	word = 0;
	MEASURE_AROUND(SAMPLES, (uint64_t)laps * processes, {},
		       for (int lap = 0; lap < laps; lap++) {
			       call3(SYS_write, ends[1][1], &word, sizeof(word));
			       call3(SYS_read, ends[0][0], &word, sizeof(word));
			       read_set();
			       word++;
		       },
		       {});
	report(name);
	check(name, word);
	word = LAST;
	call3(SYS_write, ends[1][1], &word, sizeof(word));
	for (int i = 1; i < processes; i++)
		reap(pids[i]);
}

#define RING(processes, kib, laps)                                                                 \
	static void ring_##processes##_##kib(const char *name)                                     \
	{                                                                                          \
		ring(name, processes, kib, laps);                                                  \
	}

RING(2, 0, 100)
RING(16, 0, 15)
RING(96, 0, 3)
RING(2, 64, 100)
RING(16, 64, 15)
RING(96, 64, 3)

const struct operation switches[] = {
	{ "switch_2_0k", ring_2_0 },
	{ "switch_16_0k", ring_16_0 },
	{ "switch_96_0k", ring_96_0 },
	{ "switch_2_64k", ring_2_64 },
	{ "switch_16_64k", ring_16_64 },
	{ "switch_96_64k", ring_96_64 },
	{ 0 },
};

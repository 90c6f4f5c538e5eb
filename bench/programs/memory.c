/* Memory: page faults, mappings. */
#include "measure.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE_BYTES 4096
#define MIB (1 << 20)
#define PIECE_BYTES 65536
#define CACHE_LINE_BYTES 64

static volatile char *map(long bytes)
{
	long address = call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0);
	return address < 0 && address > -4096 ? NULL : (volatile char *)address;
}

/* The first write to each page of a new MiB. */
static void page_fault_anon(const char *name)
{
	enum { PAGES = 256 };
	volatile char *memory;
	uint64_t other_bytes = 0;
	MEASURE_AROUND(
		SAMPLES, PAGES,
		{
			memory = map(PAGES * PAGE_BYTES);
			if (!memory)
				skip(name, -ENOMEM);
		},
		for (int i = 0; i < PAGES; i++) memory[i * PAGE_BYTES] = 1;
		,
		{
			for (int i = 0; i < PAGES * PAGE_BYTES; i += CACHE_LINE_BYTES)
				other_bytes += memory[i + 8];
			call2(SYS_munmap, memory, PAGES * PAGE_BYTES);
		});
	report(name);
	check(name, other_bytes);
}

/* The first write of a child to each of 64 pages that its parent has written. The child counts,
 * and reports through a pipe. */
static void page_fault_cow(const char *name)
{
	enum { PAGES = 64 };
	volatile char *memory = map(PAGES * PAGE_BYTES);
	int ends[2];
	if (!memory || pipe(ends) < 0)
		skip(name, -ENOMEM);
	for (int i = 0; i < PAGES; i++)
		memory[i * PAGE_BYTES] = 1;
	for (int round = -1; round < SAMPLES; round++) {
		long pid = call0(SYS_fork);
		if (pid < 0)
			skip(name, pid);
		if (pid == 0) {
			if (round >= 0)
				mark_begin();
			uint64_t begin = tsc();
			for (int i = 0; i < PAGES; i++)
				memory[i * PAGE_BYTES] = 2;
			uint64_t ticks = tsc() - begin;
			if (round >= 0)
				mark_end();
			call3(SYS_write, ends[1], &ticks, sizeof(ticks));
			end(0);
		}
		uint64_t ticks = 0;
		call3(SYS_read, ends[0], &ticks, sizeof(ticks));
		reap(pid);
		if (round >= 0)
			sample(ticks, PAGES);
	}
	report(name);
	uint64_t sum = 0;
	for (int i = 0; i < PAGES; i++)
		sum += memory[i * PAGE_BYTES];
	/* The child's pages are not the parent's. */
	check("cow_isolation", sum / PAGES);
}

/* Returns whether there was a mapping, and there is none now. */
static int is_unmapped(volatile char *memory)
{
	return memory && call3(SYS_msync, memory, PIECE_BYTES, MS_ASYNC) == -ENOMEM;
}

static void mmap_munmap_64k(const char *name)
{
	volatile char *memory = NULL;
	MEASURE(name, SAMPLES, 500, {
		memory = map(PIECE_BYTES);
		call2(SYS_munmap, memory, PIECE_BYTES);
	});
	check(name, is_unmapped(memory));
}

static void mmap_touch_munmap_64k(const char *name)
{
	volatile char *memory = NULL;
	MEASURE(name, SAMPLES, 50, {
		memory = map(PIECE_BYTES);
		for (int i = 0; i < PIECE_BYTES; i += PAGE_BYTES)
			memory[i] = 1;
		call2(SYS_munmap, memory, PIECE_BYTES);
	});
	check(name, is_unmapped(memory));
}

/* Maps a file of 1 MiB, reads a word of each cache line, unmaps it. */
static void mmap_file_read_1m(const char *name)
{
	static char page[PAGE_BYTES];
	const char *file = path("mapped");
	int fd = open(file, O_RDWR | O_CREAT, 0600);
	for (int i = 0; i < MIB; i += PAGE_BYTES) {
		for (int j = 0; j < PAGE_BYTES; j += CACHE_LINE_BYTES)
			*(uint64_t *)(page + j) = i + j;
		if (write(fd, page, PAGE_BYTES) != PAGE_BYTES)
			skip(name, -errno);
	}
	uint64_t sum = 0;
	MEASURE(name, SAMPLES, 1, {
		long address = call6(SYS_mmap, 0, MIB, PROT_READ, MAP_SHARED, fd, 0);
		if (address < 0 && address > -4096)
			skip(name, address);
		const char *mapped = (const char *)address;
		sum = 0;
		for (int i = 0; i < MIB; i += CACHE_LINE_BYTES)
			sum += *(volatile const uint64_t *)(mapped + i);
		call2(SYS_munmap, address, MIB);
	});
	check(name, sum);
	close(fd);
	unlink(file);
}

const struct operation memory[] = {
	{ "page_fault_anon", page_fault_anon },
	{ "page_fault_cow", page_fault_cow },
	{ "mmap_munmap_64k", mmap_munmap_64k },
	{ "mmap_touch_munmap_64k", mmap_touch_munmap_64k },
	{ "mmap_file_read_1m", mmap_file_read_1m },
	{ 0 },
};

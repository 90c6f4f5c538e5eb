/* Operations in an address space with many regions: pages of alternating protection, which can't
 * be one region. */
#include "growth.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define PIECE_BYTES 65536

static long map(long bytes)
{
	return call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void measure_calls(const char *unit, long page)
{
	long result = 0;
	MEASURE(row("mmap_munmap", unit), SAMPLES, 100, {
		long address = map(PIECE_BYTES);
		result |= call2(SYS_munmap, address, PIECE_BYTES);
	});
	check(row("mmap_munmap", unit), result);
	/* The region is one of its own with each of the protections. */
	result = 0;
	MEASURE(row("mprotect", unit), SAMPLES, 100, {
		result |= call3(SYS_mprotect, page, PAGE_BYTES, PROT_NONE);
		result |= call3(SYS_mprotect, page, PAGE_BYTES, PROT_READ | PROT_WRITE);
	});
	check(row("mprotect", unit), result);
}

static void measure_fork(const char *unit)
{
	long good = 0;
	MEASURE(row("fork_exit_wait", unit), 3, 1, {
		long pid = call0(SYS_fork);
		if (pid == 0)
			end(0);
		good += reap(pid) == 0;
	});
	check(row("fork_exit_wait", unit), good);
}

void regions_unit(const char *unit)
{
	int regions = parameter(unit);
	/* Pages that aren't accessible separate them from other regions. */
	long address = map((regions + 2L) * PAGE_BYTES);
	if (address < 0 && address > -PAGE_BYTES)
		skip(unit, address);
	for (int i = 0; i < regions + 2; i++) {
		int protection = i == 0 || i == regions + 1 ? PROT_EXEC
				 : i % 2 ? PROT_READ | PROT_WRITE : PROT_READ;
		long result = call3(SYS_mprotect, address + i * (long)PAGE_BYTES, PAGE_BYTES, protection);
		if (result < 0)
			skip(unit, result);
	}
	long page = address + (1 + regions / 2 / 2 * 2) * (long)PAGE_BYTES;
	*(volatile char *)page = 1;
	measure_faults(unit);
	measure_calls(unit, page);
	measure_fork(unit);
}

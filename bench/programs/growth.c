/* The units that show how operations grow, and the names of their rows. */
#include "growth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int parameter(const char *unit)
{
	return atoi(strrchr(unit, '_') + 1);
}

const char *row(const char *operation, const char *unit)
{
	static char name[64];
	snprintf(name, sizeof(name), "%s_%s", operation, unit);
	return name;
}

void measure_faults(const char *unit)
{
	enum { PAGES = 64 };
	long sum = 0;
	volatile char *memory;
	MEASURE_AROUND(
		SAMPLES, PAGES,
		{
			memory = mmap(NULL, PAGES * PAGE_BYTES, PROT_READ | PROT_WRITE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (memory == MAP_FAILED)
				skip(unit, -errno);
		},
		for (int i = 0; i < PAGES; i++) memory[i * PAGE_BYTES] = 1;
		,
		{
			sum += memory[PAGE_BYTES] + memory[PAGE_BYTES + 1];
			munmap((void *)memory, PAGES * PAGE_BYTES);
		});
	report(row("page_fault", unit));
	check(row("page_fault", unit), sum);
}

const struct operation growth[] = {
	{ "cpus_1", cpus_unit },	   { "cpus_2", cpus_unit },
	{ "cpus_4", cpus_unit },	   { "cpus_8", cpus_unit },
	{ "alive_10", alive_unit },	   { "alive_1000", alive_unit },
	{ "alive_10000", alive_unit },	   { "regions_1", regions_unit },
	{ "regions_100", regions_unit },   { "regions_10000", regions_unit },
	{ "files_10", files_unit },	   { "files_10000", files_unit },
	{ "files_100000", files_unit },	   { 0 },
};

/* The vDSO: its functions, found by symbols as a libc does, agree with the system calls. */
#include "show.h"

#include <elf.h>
#include <sys/auxv.h>

static unsigned char *base;
static Elf64_Sym *symbols;
static char *strings;
static uint32_t *hash;

static void *find(const char *name)
{
	for (uint32_t i = 0; i < hash[1]; i++)
		if (symbols[i].st_shndx && strcmp(strings + symbols[i].st_name, name) == 0)
			return base + symbols[i].st_value;
	return NULL;
}

int main(void)
{
	base = (unsigned char *)getauxval(AT_SYSINFO_EHDR);
	if (!base)
		give_up("no vDSO");
	Elf64_Ehdr *head = (Elf64_Ehdr *)base;
	Elf64_Phdr *each = (Elf64_Phdr *)(base + head->e_phoff);
	Elf64_Dyn *dynamic = NULL;
	for (int i = 0; i < head->e_phnum; i++)
		if (each[i].p_type == PT_DYNAMIC)
			dynamic = (Elf64_Dyn *)(base + each[i].p_offset);
	for (; dynamic && dynamic->d_tag; dynamic++) {
		if (dynamic->d_tag == DT_SYMTAB)
			symbols = (Elf64_Sym *)(base + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_STRTAB)
			strings = (char *)(base + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_HASH)
			hash = (uint32_t *)(base + dynamic->d_un.d_ptr);
	}
	FACT(symbols && strings && hash);
	long (*gettime)(long, struct timespec *) = find("__vdso_clock_gettime");
	long (*getday)(struct timeval *, void *) = find("__vdso_gettimeofday");
	long (*gettime_of)(long *) = find("__vdso_time");
	long (*getcpu_of)(unsigned *, unsigned *, void *) = find("__vdso_getcpu");
	FACT(gettime && getday && gettime_of && getcpu_of);
	long clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE,
		CLOCK_MONOTONIC_RAW, CLOCK_BOOTTIME, CLOCK_PROCESS_CPUTIME_ID };
	for (size_t i = 0; i < COUNT(clocks); i++) {
		struct timespec before, middle, after;
		syscall(SYS_clock_gettime, clocks[i], &before);
		long result = gettime(clocks[i], &middle);
		syscall(SYS_clock_gettime, clocks[i], &after);
		long long a = before.tv_sec * 1000000000LL + before.tv_nsec;
		long long b = middle.tv_sec * 1000000000LL + middle.tv_nsec;
		long long c = after.tv_sec * 1000000000LL + after.tv_nsec;
		say("clock %ld: %ld, %s", clocks[i], result, a <= b && b <= c ? "in order" : "out of order");
	}
	struct timespec time;
	SHOW(gettime(99, &time));
	struct timeval day;
	SHOW(getday(&day, NULL));
	long seconds = 0;
	FACT(gettime_of(&seconds) == seconds);
	struct timeval later;
	getday(&later, NULL);
	FACT(seconds >= day.tv_sec && seconds <= later.tv_sec);
	unsigned cpu = 99;
	SHOW(getcpu_of(&cpu, NULL, NULL));
	FACT(cpu < 4);
	return 0;
}

/* The start of a program: stack, auxiliary vector, registers. */
#include "show.h"

#include <elf.h>
#include <sys/auxv.h>

int main(int count, char **given)
{
	char **environment = given + count + 1, **end = environment;
	while (*end)
		end++;
	Elf64_auxv_t *vector = (Elf64_auxv_t *)(end + 1), *each = vector;
	int entries = 0;
	while (each->a_type != AT_NULL) {
		each++;
		entries++;
	}
	FACT(entries > 15);
	FACT((uintptr_t)(given - 1) % 16 == 0);
	SHOW(*((long *)given - 1));
	FACT(given[count] == NULL);
	SHOW(getauxval(AT_PAGESZ));
	SHOW(getauxval(AT_CLKTCK));
	SHOW(getauxval(AT_PHENT));
	SHOW(getauxval(AT_FLAGS));
	SHOW(getauxval(AT_BASE));
	SHOW(getauxval(AT_SECURE));
	say("%ld %ld %ld %ld", getauxval(AT_UID), getauxval(AT_EUID), getauxval(AT_GID), getauxval(AT_EGID));
	TEXT(getauxval(AT_PLATFORM));
	TEXT(getauxval(AT_EXECFN));
	FACT(getauxval(AT_HWCAP) != 0);
	FACT(getauxval(AT_HWCAP2) != (unsigned long)-1);
	FACT(getauxval(AT_ENTRY) != 0);
	Elf64_Phdr *headers = (Elf64_Phdr *)getauxval(AT_PHDR);
	FACT(headers != NULL && getauxval(AT_PHNUM) > 1);
	int loads = 0;
	for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++)
		loads += headers[i].p_type == PT_LOAD;
	FACT(loads > 0);
	unsigned char *random = (unsigned char *)getauxval(AT_RANDOM);
	FACT(random != NULL);
	unsigned sum = 0;
	for (int i = 0; i < 16; i++)
		sum |= random[i];
	FACT(sum != 0);
	/* The random bytes of another program differ. */
	int ends[2];
	unsigned char other[16];
	if (getenv("CHILD")) {
		write(9, random, 16);
		return 0;
	}
	pipe(ends);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], 9);
		dup2(open("/dev/null", O_WRONLY), 1);
		execve("/proc/self/exe", (char *[]){ "x", NULL }, (char *[]){ "CHILD=1", NULL });
		_exit(1);
	}
	CALL(read(ends[0], other, 16));
	FACT(memcmp(random, other, 16) != 0);
	finish("child", pid);
	Elf64_Ehdr *vdso = (Elf64_Ehdr *)getauxval(AT_SYSINFO_EHDR);
	FACT(vdso != NULL && memcmp(vdso->e_ident, ELFMAG, SELFMAG) == 0);
	return 0;
}

/* The vDSO: its functions are found by section headers, as dietlibc does. */
#include "show.h"

#include <elf.h>
#include <sys/auxv.h>

static unsigned char *base;
static Elf64_Shdr *sections;
static int count;

static Elf64_Shdr *of_kind(unsigned kind)
{
	for (int i = 0; i < count; i++)
		if (sections[i].sh_type == kind && sections[i].sh_flags & SHF_ALLOC)
			return &sections[i];
	return NULL;
}

static void *find(const char *name)
{
	Elf64_Shdr *symbols = of_kind(SHT_DYNSYM), *strings = of_kind(SHT_STRTAB);
	for (size_t i = 0; i < symbols->sh_size / symbols->sh_entsize; i++) {
		Elf64_Sym *symbol = (Elf64_Sym *)(base + symbols->sh_offset) + i;
		if (strcmp((char *)base + strings->sh_offset + symbol->st_name, name))
			continue;
		Elf64_Shdr *text = &sections[symbol->st_shndx];
		return base + text->sh_offset + symbol->st_value - text->sh_addr;
	}
	return NULL;
}

int main(void)
{
	base = (unsigned char *)getauxval(AT_SYSINFO_EHDR);
	if (!base)
		give_up("no vDSO");
	Elf64_Ehdr *head = (Elf64_Ehdr *)base;
	sections = (Elf64_Shdr *)(base + head->e_shoff);
	count = head->e_shnum;
	FACT(head->e_shentsize == sizeof(Elf64_Shdr));
	FACT(head->e_shstrndx < count);
	FACT(of_kind(SHT_DYNSYM) && of_kind(SHT_STRTAB) && of_kind(SHT_HASH) && of_kind(SHT_DYNAMIC));
	FACT(of_kind(SHT_GNU_versym) && of_kind(SHT_GNU_verdef));
	FACT(!find("__vdso_none"));
	long (*gettime)(long, struct timespec *) = find("__vdso_clock_gettime");
	struct timespec time = { 0 };
	FACT(gettime && gettime(CLOCK_REALTIME, &time) == 0 && time.tv_sec > 0);
	long (*time_of)(long *) = find("__vdso_time");
	FACT(time_of && time_of(NULL) >= time.tv_sec);
	return 0;
}

/* Every unused number: the call fails with ENOSYS, and has no effect. */
#include "show.h"

int main(void)
{
	/* Numbers that this architecture never used, or no longer uses. */
	int gone[] = { 156, 174, 177, 178, 180, 181, 182, 183, 184, 185, 205, 211, 214, 215, 236 };
	for (size_t i = 0; i < COUNT(gone); i++)
		CALL(syscall(gone[i], 0, 0, 0, 0, 0, 0));
	int good = 0;
	for (int number = 335; number < 424; number++)
		good += syscall(number, 0, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS;
	SHOW(good);
	good = 0;
	for (int number = 600; number < 5000; number++)
		good += syscall(number, 0, 0, 0, 0, 0, 0) == -1 && errno == ENOSYS;
	SHOW(good);
	CALL(syscall(-1));
	CALL(syscall(INT32_MAX));
	/* The numbers of x32 aren't supported. */
	CALL(syscall(0x40000000 + 39));
	/* Only the low half of the register is used. */
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(0x100000000 + SYS_getppid) : "rcx", "r11", "memory");
	FACT(result == getppid());
	return 0;
}

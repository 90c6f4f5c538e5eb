/* getrandom and the devices of random numbers. */
#include "show.h"

#include <sys/random.h>

static char a[256], b[256];

int main(void)
{
	CALL(getrandom(a, sizeof(a), 0));
	CALL(getrandom(b, sizeof(b), GRND_NONBLOCK));
	FACT(memcmp(a, b, sizeof(a)) != 0);
	CALL(getrandom(a, 0, 0));
	CALL(getrandom(a, 16, GRND_RANDOM));
	CALL(getrandom(a, 16, 8));
	CALL(syscall(SYS_getrandom, 8, 16, 0));
	CALL(syscall(SYS_getrandom, 0xffff800000000000, 16, 0));
	int random = open("/dev/random", O_RDONLY), urandom = open("/dev/urandom", O_RDWR);
	CALL(read(random, a, sizeof(a)));
	CALL(read(urandom, b, sizeof(b)));
	FACT(memcmp(a, b, sizeof(a)) != 0);
	CALL(write(urandom, "seed", 4));
	/* Each bit is 1 in some bytes, and 0 in others. */
	unsigned char ones = 0, zeroes = 0;
	for (size_t i = 0; i < sizeof(b); i++) {
		ones |= b[i];
		zeroes |= ~b[i];
	}
	FACT(ones == 0xff && zeroes == 0xff);
	return 0;
}

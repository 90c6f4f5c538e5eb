/* The line discipline of a pseudo-terminal: lines, erase, echo, raw mode, VMIN and VTIME. */
#include "show.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static struct termios settings;

/* Waits for the wanted number of bytes, and prints them and all further available ones. */
static void show_bytes(const char *name, int fd, long wanted)
{
	char text[256], shown[1024] = "";
	long length = 0, got;
	struct pollfd one = { fd, POLLIN, 0 };
	int flags = fcntl(fd, F_GETFL);
	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (length < wanted && poll(&one, 1, -1) == 1) {
		got = read(fd, text + length, sizeof(text) - length);
		if (got <= 0)
			break;
		length += got;
	}
	if (wanted == 0)
		length = read(fd, text, sizeof(text));
	fcntl(fd, F_SETFL, flags);
	if (length < 0) {
		say("%s: %s", name, error_name(errno));
		return;
	}
	for (long i = 0; i < length; i++) {
		unsigned char byte = text[i];
		sprintf(shown + strlen(shown), byte >= ' ' && byte < 127 ? "%c" : "\\x%02x", byte);
	}
	say("%s: %ld \"%s\"", name, length, shown);
}

static void type(const char *what, const char *keys, long echo, long line)
{
	write(master, keys, strlen(keys));
	say("%s:", what);
	show_bytes("  echo", master, echo);
	show_bytes("  program", slave, line);
}

static void apply(void)
{
	if (tcsetattr(slave, TCSANOW, &settings) < 0)
		give_up("tcsetattr");
}

int main(void)
{
	char name[32];
	master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
	unlockpt(master);
	ptsname_r(master, name, sizeof(name));
	slave = open(name, O_RDWR | O_NOCTTY);
	FACT(isatty(master) && isatty(slave));
	tcgetattr(slave, &settings);
	say("iflag %o oflag %o cflag %o lflag %o", settings.c_iflag, settings.c_oflag, settings.c_cflag,
	    settings.c_lflag);
	for (int i = 0; i < 17; i++)
		if (settings.c_cc[i])
			say("control %d is %d", i, settings.c_cc[i]);
	type("part of a line", "abc", 3, 0);
	type("its end", "def\n", 5, 7);
	type("carriage return", "line\r", 6, 5);
	type("erase", "abd\177c\n", 9, 4);
	type("kill", "gone\025kept\n", 22, 5);
	type("word erase", "two words\027x\n", 27, 6);
	type("literal next", "a\026\003b\n", 8, 4);
	type("reprint", "xy\022z\n", 11, 4);
	type("two lines", "one\ntwo\n", 10, 4);
	show_bytes("second read", slave, 4);
	char byte;
	write(master, "\004", 1);
	CALL(read(slave, &byte, 1));
	type("text and end of file", "abc\004", 3, 3);
	type("control characters", "\001\002\n", 6, 3);
	write(slave, "out\nput\ttab", 11);
	show_bytes("output", master, 12);
	int waiting = -1;
	write(master, "12345\n", 6);
	struct pollfd one = { slave, POLLIN, 0 };
	poll(&one, 1, -1);
	CALL(ioctl(slave, FIONREAD, &waiting));
	SHOW(waiting);
	CALL(tcflush(slave, TCIFLUSH));
	show_bytes("after a flush", slave, 0);
	show_bytes("echo", master, 7);

	settings.c_lflag &= ~ECHO;
	apply();
	type("without echo", "secret\n", 0, 7);
	settings.c_lflag |= ECHO;
	settings.c_lflag &= ~ICANON;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	apply();
	type("without lines", "a\177b", 4, 3);
	settings.c_cc[VMIN] = 0;
	apply();
	char text[16];
	CALL(read(slave, text, sizeof(text)));
	settings.c_cc[VTIME] = 1;
	apply();
	CALL(read(slave, text, sizeof(text)));
	settings.c_cc[VMIN] = 3;
	settings.c_cc[VTIME] = 0;
	apply();
	write(master, "ab", 2);
	show_bytes("echo", master, 2);
	CALL(poll(&one, 1, 0));
	write(master, "c", 1);
	CALL(poll(&one, 1, -1));
	CALL(read(slave, text, sizeof(text)));
	show_bytes("echo", master, 1);
	cfmakeraw(&settings);
	apply();
	type("raw", "\003\r\n\004", 0, 4);
	write(slave, "a\nb", 3);
	show_bytes("raw output", master, 3);

	struct winsize size = { 10, 20, 30, 40 };
	CALL(ioctl(slave, TIOCGWINSZ, &size));
	say("%d %d", size.ws_row, size.ws_col);
	size = (struct winsize){ 25, 80, 0, 0 };
	CALL(ioctl(master, TIOCSWINSZ, &size));
	size.ws_row = 0;
	CALL(ioctl(slave, TIOCGWINSZ, &size));
	say("%d %d", size.ws_row, size.ws_col);
	CALL(ioctl(slave, 0x5499, 0));
	CALL(ioctl(slave, TCGETS, 8));
	int file = open("file", O_RDWR | O_CREAT, 0644);
	CALL(ioctl(file, TCGETS, &settings));
	CALL(isatty(file));
	CALL(ioctl(99, TCGETS, &settings));
	CALL(ioctl(master, TIOCGPTN, &waiting));
	return 0;
}

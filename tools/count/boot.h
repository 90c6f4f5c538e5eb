/* Counts the instructions of a boot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "qemu.h"

/* Whether a boot is counted: `from=` was among the arguments. */
extern bool is_boot;

/* Uses an argument of the plugin; returns whether it is one for a boot. */
bool boot_argument(const char *argument);

/* Begins. `executed` returns the number of instructions since `restart`, which is called at the
 * first instruction of the boot. `at_end` is called after the last line. */
void boot_start(FILE *lines, uint64_t (*executed)(void), void (*restart)(void),
                void (*at_end)(void));

/* Registers what has to be seen of a block of code; returns whether it belongs to a program. */
bool boot_watch(struct qemu_plugin_tb *tb);

/* Which functions of the kernel have called which, at each instruction. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "qemu.h"

/* Reads the kernel's function addresses: in rising order, hexadecimal, a line each. */
void read_functions(const char *path);

/* Follows the calls and returns of a block of code, and counts its instructions below its chain of
 * functions while counting is on. `is_user`: it belongs to a program. */
void follow(struct qemu_plugin_tb *tb, bool is_user);

/* Forgets the chain of functions: the next block is the first one. */
void forget_chain(void);

/* Turns counting on or off. */
void count_chains(bool is_on);

/* Writes the lines `stack` and `block`. */
void write_chains(FILE *out);

/*
 * Marks around each sample, for tools that watch the machine's instructions: two forms of NOP
 * that no compiler emits.
 */
#ifndef MARK_H
#define MARK_H

static inline void mark_begin(void)
{
	__asm__ volatile("nopl 0x4A460001(%%rax)" ::: "memory");
}

static inline void mark_end(void)
{
	__asm__ volatile("nopl 0x4A460002(%%rax)" ::: "memory");
}

#endif

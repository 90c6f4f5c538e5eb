"""The operations of bench/programs, and the fewest instructions that a kernel could need.

A floor is no kernel's figure: it is what can't be left out, by these costs of the parts.
"""

import dataclasses

# SYSCALL and SYSRET, with the registers saved and restored.
CALL = 60
# A switch of registers, stack and address space.
SWITCH = 100
# A page of 8-byte words by `rep stosq` or `rep movsq`, and the exception, the lookup and the entry
# of a new page or of a copied one.
PAGE_WORDS = 512
NEW_PAGE = PAGE_WORDS + 150
COPIED_PAGE = PAGE_WORDS + 200
# A page that is present already, or whose words a system call writes.
PRESENT_PAGE = 150
# Four page tables that are cleared.
ADDRESS_SPACE = 4 * PAGE_WORDS
MIB_WORDS = 131072
MIB_CALLS = 256
# The instructions of the program itself, counted without a kernel by tools/bench-compute.
FIB30 = 37695523
GEMV512 = 1577487
GEMV512_AVX2 = 50766
# A process with a working set of 64 KiB reads a word of each cache line.
WORKING_SET = 1300


@dataclasses.dataclass(frozen=True)
class Operation:
    """An operation: its name, its description, and the fewest instructions, or None."""
    name: str
    what: str
    floor: int | None = None


# A child: its address space, its pages of stack and data that it and its parent copy, three calls
# and two switches.
_CHILD = ADDRESS_SPACE + 3 * COPIED_PAGE + 3 * CALL + 2 * SWITCH
# The pages of a new program: its stack, its data, its text.
_PROGRAM = CALL + ADDRESS_SPACE + 2 * NEW_PAGE + PRESENT_PAGE

OPERATIONS = (
    Operation("tsc_pair", "two reads of the time stamp counter", 5),
    Operation("syscall_getpid", "getpid", CALL),
    Operation("stat", "stat of a file below two directories", CALL),
    Operation("open_close", "open and close of a file that is there", 2 * CALL),
    Operation("readdir_1000", "all entries of a directory of 1,000 files", 34000),
    Operation("signal_install", "sigaction", CALL),
    Operation("signal_deliver", "kill to itself, a handler, its return", 2 * CALL),
    Operation("pipe_self", "a byte through a pipe, one process", 2 * CALL),
    Operation("pipe_roundtrip", "a byte to another process and back", 4 * CALL + 2 * SWITCH),
    Operation("poll_1", "poll of 1 descriptor, which is ready", CALL),
    Operation("poll_100", "poll of 100 descriptors, the last one ready", CALL + 100 * 10),
    Operation("poll_1000", "poll of 1,000 descriptors, the last one ready", CALL + 1000 * 10),
    Operation("epoll_wait_1000", "epoll_wait, one of 1,000 descriptors ready", CALL),
    *(Operation(f"switch_{processes}_{kib}k",
                f"a word to the next of {processes} processes"
                + f", each with {kib} KiB of its own" * bool(kib),
                2 * CALL + SWITCH + WORKING_SET * bool(kib))
      for kib in (0, 64) for processes in (2, 16, 96)),
    Operation("fork_exit_wait", "fork, exit, wait", _CHILD),
    Operation("fork_exec_wait", "the same with execve of the program itself", _CHILD + _PROGRAM),
    Operation("fork_exec_tiny", "the same with execve of a program of a page", _CHILD + _PROGRAM),
    Operation("fork_exec_script", "the same with execve of a script that it interprets",
              _CHILD + _PROGRAM),
    Operation("fork_exit_wait_64m", "fork, exit, wait with 64 MiB written", _CHILD + 16384 * 10),
    Operation("page_fault_anon", "first write to a new page", NEW_PAGE),
    Operation("page_fault_cow", "first write to a page shared after fork", COPIED_PAGE),
    Operation("mmap_munmap_64k", "mmap and munmap of 64 KiB", 2 * CALL),
    Operation("mmap_touch_munmap_64k", "the same, with each page written",
              2 * CALL + 16 * NEW_PAGE),
    Operation("mmap_file_read_1m", "mmap of a file of 1 MiB, a read of each cache line, munmap",
              2 * CALL + 16384 * 4),
    Operation("file_write_new_1m", "write of a new file of 1 MiB",
              MIB_WORDS + MIB_CALLS * (CALL + PRESENT_PAGE)),
    Operation("file_rewrite_1m", "write of 1 MiB again", MIB_WORDS + MIB_CALLS * CALL),
    Operation("file_read_1m", "read of 1 MiB", MIB_WORDS + MIB_CALLS * CALL),
    Operation("shell_200", "a shell script of 200 commands"),
    Operation("tree_find", "find over 2,000 files"),
    Operation("tree_tar", "tar of 2,000 files"),
    Operation("tree_gzip", "cat of 2,000 files, piped to gzip"),
    Operation("tree_extract", "tar xf of 2,000 files"),
    Operation("tree_remove", "rm -r of 2,000 files"),
    Operation("memcpy_loop64_1m", "copy of 1 MiB by a loop of 8 bytes", 655367),
    Operation("memcpy_repmovsq_1m", "copy of 1 MiB by rep movsq", MIB_WORDS),
    Operation("memset_repstosq_1m", "1 MiB set by rep stosq", MIB_WORDS),
    Operation("fib30", "Fibonacci of 30, recursive", FIB30),
    Operation("gemv512_f32", "a matrix of 512 × 512 floats times a vector", GEMV512),
    Operation("gemv512_f32_avx2", "the same by AVX2 and FMA", GEMV512_AVX2),
)

NAMES = tuple(operation.name for operation in OPERATIONS)

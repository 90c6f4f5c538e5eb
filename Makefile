# The targets only name the tools; each tool has --help.

IMAGE := build/farjump.iso
export BUS CMDLINE DEBUG DISK PROGRAM ROOT SEAL SECURE

# make exits with 2 whatever status a tool returns. If make runs a user's program, a function ends
# make with the program's status.
ifneq ($(PROGRAM)$(ROOT),)
-load build/status.so
build/status.so: tools/make/status.c
	@mkdir -p build
	-@$(CC) -shared -fPIC -o $@ $<
endif

.DEFAULT_GOAL := help
.PHONY: help setup build run run-uefi run-usb debug iso key reproduce usb disk test bench bench-linux bench-compute bench-growth bench-check flame lint fmt audit shot clean

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14
	@echo
	@echo 'CMDLINE="…" sets the kernel'"'"'s command line, for every target that boots.'
	@echo 'DEBUG=1 selects the debug build in place of the release build.'
	@echo 'PROGRAM="./a.out arguments" or ROOT=dir-or.tar boots into a program of yours.'

setup: ## checks what is missing and installs it
	@tools/setup

# Prints nothing if nothing is missing.
.PHONY: ready
ready:
	@tools/setup --quiet

build: ready ## builds the kernel
	@tools/kernel

run: boot-cd ## boots it in QEMU, into a shell; into the prompt by CMDLINE=init=none
run-uefi: boot-uefi ## boots it by UEFI
run-usb: boot-usb ## boots it from an emulated USB stick
run run-uefi run-usb:
	$(end-with-status build/run.status)@exit $$(cat build/run.status)

.PHONY: boot-cd boot-uefi boot-usb
boot-cd boot-uefi boot-usb: boot-%: ready
	@tools/run $(filter-out --cd,--$*); echo $$? >build/run.status

debug: ready ## boots it under gdb, stopped at the first instruction
	@tools/run --debug

iso: ready ## makes build/farjump.iso, for BIOS and UEFI; SEAL=file seals it by a private key
	@kernel=$$(tools/kernel) && \
	tools/iso --timeout 3 --cmdline "$$CMDLINE" $(if $(SEAL),--seal "$$SEAL" $(if $(DISK),--disk "$$DISK")) "$$kernel" $(IMAGE)

key: ready ## makes private keys for make iso SEAL=file, in this file and beside it
	@tools/seal new-key "$(SEAL)"

reproduce: ready ## builds the image twice, and compares; RELEASED=file is another's image
	@tools/reproduce $(if $(RELEASED),"$(RELEASED)")

# Checks the stick before anything is built.
usb: ## writes the image to a stick: make usb DEVICE=/dev/sdX
	@tools/usb --check "$(DEVICE)"
	@$(MAKE) --no-print-directory iso
	@tools/usb $(IMAGE) "$(DEVICE)"

disk: ready ## makes build/disk.img, with FAT and ext2, for DISK=; SIZE_MIB=64 is its size
	@tools/disk $(if $(SIZE_MIB),--size-mib $(SIZE_MIB))

test: ready ## runs all tests, on the host and in QEMU
	@tools/test

bench: ready ## measures: times relative to other crates, instructions in the kernel
	@tools/bench

bench-linux: ready ## measures operations and the boot beside Linux: a table of both
	@tools/bench-linux

bench-compute: ready ## measures the same code as a UEFI application, as a process, in the kernel
	@tools/bench-compute

bench-growth: ready ## counts operations with more CPUs, processes, regions, files
	@tools/bench-linux --growth

bench-check: ready ## fails if an operation takes more instructions than it may
	@tools/bench-linux --check

flame: ready ## shows where the instructions of OPERATION=fork_exit_wait go
	@tools/flame $(OPERATION)

lint: ready ## checks that clippy and rustfmt report nothing
	@tools/test --lint

fmt: ready ## formats the source
	cargo fmt --all

audit: ready ## counts unsafe in each room
	@tools/audit

shot: ready ## renews the pictures in docs; tools/shot takes others
	tools/shot docs/prompt.png info
	tools/shot docs/report.png 'fault page-fault'
	tools/shot --video 1024x768x32 docs/framebuffer.png maps

clean: ## removes what was built
	rm -rf build
	cargo clean

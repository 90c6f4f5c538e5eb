# The targets only name the tools; each tool has --help.

KERNEL := target/x86_64-kernel/debug/farjump
IMAGE := build/farjump.iso
export CMDLINE

.DEFAULT_GOAL := help
.PHONY: help setup build run run-uefi run-usb debug iso usb test bench lint fmt audit shot clean

help: ## lists the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 10
	@echo
	@echo 'CMDLINE="…" sets the kernel'"'"'s command line, for every target that boots.'

setup: ## finds out what is missing and installs it
	@tools/setup

# Says nothing when nothing is missing.
.PHONY: ready
ready:
	@tools/setup --quiet

build: ready ## builds the kernel
	cargo build

run: build ## boots it in QEMU, into the prompt
	@tools/run

run-uefi: build ## the same by UEFI
	@tools/run --uefi

run-usb: build ## the same from a USB stick
	@tools/run --usb

debug: build ## the same under gdb, stopped at the first instruction
	@tools/run --debug

iso: build ## makes build/farjump.iso, for BIOS and UEFI, CD and USB
	tools/iso --timeout 3 --cmdline "$$CMDLINE" $(KERNEL) $(IMAGE)

usb: iso ## writes the image to a stick: make usb DEVICE=/dev/sdX
	@tools/usb $(IMAGE) "$(DEVICE)"

test: ready ## runs all tests, on the host and in QEMU
	@tools/test

bench: ready ## measures: ratios to other crates, instructions in the kernel
	@tools/bench

lint: ready ## clippy and rustfmt, both of them clean
	cargo clippy --lib --bins --tests --benches -- -D warnings
	tools/host-cargo clippy --all-targets -- -D warnings
	cargo fmt --all --check

fmt: ready ## formats the source
	cargo fmt --all

audit: ready ## counts unsafe in each room
	@tools/audit

shot: build ## takes the pictures in docs anew; tools/shot takes others
	tools/shot docs/prompt.png info
	tools/shot docs/report.png 'fault page-fault'
	tools/shot --video 1024x768x32 docs/framebuffer.png maps

clean: ## removes what was built
	rm -rf build target

# Sallyport: make [TARGET] [VARIABLE=VALUE...]. `make` alone prints the targets.

SWIFT      ?= swift
BUILDFLAGS ?=
TESTFLAGS  ?=

# Where `install` puts things. DESTDIR is for those who make packages.
PREFIX  ?= /usr/local
DESTDIR ?=

# The bundled example that `demo` audits.
DEMO_CAPTURE ?= fixtures/captures/three-tier.pcap
DEMO_NETWORK ?= fixtures/networks/three-tier

BINARY    := .build/release/sallyport
STAMP     := .build/sallyport-release.stamp
MAN_PAGES  = $(wildcard docs/*.1 docs/man/*.1)
SOURCES    = Package.swift $(shell find Sources -type f 2> /dev/null)
SHARE      = $(DESTDIR)$(PREFIX)/share

.DEFAULT_GOAL := help
.PHONY: help setup build demo test check fuzz sanitize format install uninstall clean

help: ## Print the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: ## Install what is missing: libpcap and zlib headers (says so first; checks for Swift)
	@Scripts/setup

build: setup ## Build the release binary, .build/release/sallyport
	$(SWIFT) build -c release --product sallyport $(BUILDFLAGS)
	@touch $(STAMP)

demo: build ## Build, then audit the bundled capture against the bundled network
	@echo
	$(BINARY) audit $(DEMO_CAPTURE) -n $(DEMO_NETWORK)

test: setup ## Run the tests
	@SWIFT='$(SWIFT)' Scripts/run-tests $(TESTFLAGS)

check: setup ## Run everything that a change must pass: format, build, tests, layers, ...
	@Scripts/check

fuzz: setup ## Fuzz every reader of hostile input for a minute (see Fuzz/run.sh)
	Fuzz/run.sh all 60

sanitize: setup ## Run the tests under AddressSanitizer and ThreadSanitizer
	@for sanitizer in address thread; do \
	  Scripts/test-sanitized $$sanitizer || exit 1; \
	done

format: ## Lay out all Swift files as .swift-format says
	@for place in Package.swift Sources Tests Benchmarks Fuzz fixtures/swift-package; do \
	  if [ -e $$place ]; then find $$place -type d -name '.?*' -prune -o -type f -name '*.swift' -print; fi; \
	done | tr '\n' '\0' | xargs -0 $(SWIFT) format format --in-place --parallel --configuration .swift-format

# Built again only if a source is newer, so that `make build && sudo make install` needs no Swift as root.
$(STAMP): $(SOURCES)
	$(SWIFT) build -c release --product sallyport $(BUILDFLAGS)
	@touch $@

install: $(STAMP) ## Install the binary, manual page and completions below PREFIX (/usr/local)
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(BINARY) '$(DESTDIR)$(PREFIX)/bin/sallyport'
	install -d '$(SHARE)/bash-completion/completions' '$(SHARE)/zsh/site-functions' '$(SHARE)/fish/vendor_completions.d'
	$(BINARY) --generate-completion-script bash > '$(SHARE)/bash-completion/completions/sallyport'
	$(BINARY) --generate-completion-script zsh > '$(SHARE)/zsh/site-functions/_sallyport'
	$(BINARY) --generate-completion-script fish > '$(SHARE)/fish/vendor_completions.d/sallyport.fish'
	@for page in $(MAN_PAGES); do \
	  install -d '$(SHARE)/man/man1' && echo install $$page && install -m 644 $$page '$(SHARE)/man/man1/' || exit 1; \
	done

uninstall: ## Remove what install put there
	rm -f '$(DESTDIR)$(PREFIX)/bin/sallyport' \
	  '$(SHARE)/bash-completion/completions/sallyport' \
	  '$(SHARE)/zsh/site-functions/_sallyport' \
	  '$(SHARE)/fish/vendor_completions.d/sallyport.fish' \
	  $(foreach page,$(MAN_PAGES),'$(SHARE)/man/man1/$(notdir $(page))')

clean: ## Remove all build products
	rm -rf .build Benchmarks/.build Fuzz/.build Fuzz/.corpus Fuzz/.findings

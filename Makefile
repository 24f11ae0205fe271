# One command each. Every target first makes sure that .venv has what it needs, and installs only what changed.

VENV   := .venv
PYTHON ?=
ARGS   ?=
FILE   ?=
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help run stop status test lint bench backup restore ci migrations install-local install-dev peers
.SILENT:

help:
	echo 'make run      start everything on http://localhost:8000 (PORT=, HOST=, PULSE_DATA=, PULSE_DEMO=0); ^C stops it'
	echo 'make stop     stop the Pulse that runs on PULSE_DATA'
	echo 'make status   its processes, their memory, its health'
	echo 'make test     the whole suite, on real servers and a real browser (ARGS="-k incidents")'
	echo 'make lint     style, types, import order, templates'
	echo 'make bench    the figures that Pulse promises, measured here (ARGS=name of one)'
	echo 'make backup   FILE=path: the database into one file, also while Pulse runs'
	echo 'make restore  FILE=path: the database from that file (FORCE=1 replaces what is there)'
	echo 'make ci       what must pass before a change is taken: lint, migrations, test'

run: install-local
	$(BIN)/python -m pulse.supervisor run

stop: install-local
	$(BIN)/python -m pulse.supervisor stop

status: install-local
	$(BIN)/python -m pulse.supervisor status

backup: install-local
	file='$(FILE)'; $(BIN)/python -m pulse.supervisor.backup backup "$${file:-pulse-$$(date +%Y%m%d-%H%M%S).dump}"

restore: install-local
	$(BIN)/python -m pulse.supervisor.backup restore '$(FILE)'

# Of each process that the suite starts, a quarter of the start would be compiling Pulse anew.
test: export PYTHONDONTWRITEBYTECODE =
test: install-dev peers
	$(BIN)/python -m pytest $(ARGS)

bench: install-dev
	$(BIN)/python -m bench $(ARGS)

lint: install-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet

migrations: install-dev
	$(BIN)/python -m pulse.embedded.scratch $(BIN)/python manage.py makemigrations --check --dry-run

ci: lint migrations test

install-local: $(BIN)/python
	cmp -s requirements/dev.txt $(VENV)/installed-dev.txt || $(call install,local)

install-dev: $(BIN)/python
	$(call install,dev)

# A copy of what was installed is the stamp: a checkout that only touches the file installs nothing.
define install
cmp -s requirements/$(1).txt $(VENV)/installed-$(1).txt || { \
	echo 'Installing requirements/$(1).txt into $(VENV) …' && \
	if command -v uv >/dev/null 2>&1; then \
		uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/$(1).txt; \
	else \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes \
			-r requirements/$(1).txt; \
	fi && cp requirements/$(1).txt $(VENV)/installed-$(1).txt; }
endef

# Not a file rule on the interpreter's date: that one is older than this Makefile and would always be remade.
$(BIN)/python:
	if command -v uv >/dev/null 2>&1; then \
		exec uv venv --quiet --clear --python "$(or $(PYTHON),>=3.11)" $(VENV); \
	fi; \
	found=; \
	for candidate in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			found=$$candidate; break; \
		fi; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'Pulse needs Python 3.11 or newer: install it (Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv),' \
			'or name one: make run PYTHON=/path/to/python3.11' >&2; exit 1; \
	fi; \
	if ! "$$found" -c 'import venv, ensurepip' 2>/dev/null; then \
		version=$$("$$found" -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
		echo "$$found has no venv module: apt-get install python$$version-venv (as root), then try again." >&2; exit 1; \
	fi; \
	"$$found" -m venv --clear $(VENV)

# A file that has to be there, or a program (one of several), and the Debian package that brings it.
PEERS := curl:curl chromium,chromium-browser,google-chrome:chromium \
	/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:fonts-dejavu-core \
	mariadbd:mariadb-server-core mariadb:mariadb-client-core mosquitto:mosquitto snmpd:snmpd sshd:openssh-server ssh-keygen:openssh-client \
	/usr/lib/dovecot/imap-login:dovecot-imapd /usr/lib/dovecot/pop3-login:dovecot-pop3d unbound:unbound prometheus:prometheus

# Debian asks it before a package starts its service (policy-rc.d of sysvinit's invoke-rc.d; systemd's helper too).
POLICY := /usr/sbin/policy-rc.d

# What the suite starts itself, as its own children: the packages' own services are kept from starting.
# A signal becomes an exit, because dash runs the trap of EXIT for nothing else.
peers:
	missing=; \
	for peer in $(PEERS); do \
		found=; \
		for name in $$(echo "$${peer%%:*}" | tr , ' '); do \
			if [ -e "$$name" ] || command -v "$$name" >/dev/null 2>&1 || [ -x "/usr/sbin/$$name" ]; then found=1; fi; \
		done; \
		if [ -z "$$found" ]; then missing="$$missing $${peer#*:}"; fi; \
	done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then \
		echo "The suite checks against real servers: sudo apt-get install --no-install-recommends$$missing" >&2; exit 1; \
	fi; \
	echo "Installing for the suite:$$missing"; \
	if [ ! -e '$(POLICY)' ]; then \
		trap "rm -f '$(POLICY)'" EXIT; \
		trap 'exit 129' HUP; trap 'exit 130' INT; trap 'exit 143' TERM; \
		printf '#!/bin/sh\nexit 101\n' >'$(POLICY)' && chmod 755 '$(POLICY)' || exit 1; \
	fi; \
	apt-get update -q && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends $$missing

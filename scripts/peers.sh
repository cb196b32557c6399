#!/bin/sh
# Installs the programs that the interoperability tests talk to, where that is possible, and reports those that are missing.
#
#   peers.sh install   with apt-get, as root or by sudo without a password; quiet and without effect elsewhere
#   peers.sh report    names the peers that are missing; their tests are skipped
#
# It never fails: a machine without peers runs all other tests.

# Debian package and the file that shows it is there.
PEERS="
go-sendxmpp:/usr/bin/go-sendxmpp
libstrophe-dev:/usr/include/strophe.h
profanity:/usr/bin/profanity
tmux:/usr/bin/tmux
python3-slixmpp:/usr/lib/python3/dist-packages/slixmpp/__init__.py
prosody:/usr/bin/prosody
ejabberd:/usr/sbin/ejabberdctl
"

missing() {
	for peer in $PEERS; do
		[ -e "${peer#*:}" ] || printf '%s ' "${peer%%:*}"
	done
}

# as_root runs a command as root, or says that it cannot.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo -n "$@"
	else
		return 1
	fi
}

# Packages of servers start them when they are installed; policy-rc.d keeps them from it (exit code 101: forbidden).
POLICY=/usr/sbin/policy-rc.d

forbid_start() {
	[ -e "$POLICY" ] && return 1
	printf '#!/bin/sh\nexit 101\n' | as_root tee "$POLICY" >/dev/null 2>&1 && as_root chmod 755 "$POLICY"
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=60 -o Acquire::Retries=1 "$@" </dev/null >/dev/null 2>&1
}

install_peers() {
	wanted=$(missing)
	[ -n "$wanted" ] || return 0
	command -v apt-get >/dev/null 2>&1 && as_root true 2>/dev/null || return 0
	echo "installing peers for the tests: $wanted"
	forbid_start && trap 'as_root rm -f "$POLICY"' EXIT INT TERM
	apt update
	for package in $wanted; do # one by one: what is not to be had does not stop the others
		apt install --no-install-recommends -y "$package" || echo "could not install $package"
	done
}

case "${1:-}" in
install) install_peers ;;
report)
	for package in $(missing); do
		echo "skipped: tests with $package (not installed)"
	done
	command -v cc >/dev/null 2>&1 || echo "skipped: tests with libstrophe-dev (no C compiler)"
	;;
*) echo "usage: peers.sh install|report" ;;
esac
exit 0

#!/usr/bin/env bash
# Runs the load generator against Stonechat, ejabberd and Prosody, set up alike, in turn, in one run, and writes
# docs/benchmarks.md. Everything listens on 127.0.0.1 and lives in a temporary folder. Ends only what it started.
#
#   REPS=3        repetitions of each scenario, interleaved: every server once, then all again
#   LENGTH=10s    measured time of each
#   IDLE=10000    sessions of the idle scenario
#   ROWS="…"      which scenarios (see rows below)
#   SERVERS="…"   which servers
#   OUT=FILE      where to write; docs/benchmarks.md when unset
#   KEEP=1        keep the temporary folder, with all results
#   INSTALL=0     do not try to install the other servers
set -euo pipefail
cd "$(dirname "$0")/.."

REPS=${REPS:-3}
LENGTH=${LENGTH:-10s}
IDLE=${IDLE:-10000}
ROWS=${ROWS:-start login chat acks steady archived muc presence roster mam idle}
SERVERS=${SERVERS:-stonechat ejabberd ejabberdsql prosody prosodysql floor}
OUT=${OUT:-docs/benchmarks.md}
INSTALL=${INSTALL:-1}

work=$(mktemp -d "${TMPDIR:-/tmp}/bench-peers.XXXXXX")
chmod 711 "$work"
mkdir "$work/results"
started= # what runs now: the process we started, and the server's own

finish() {
	stop_server
	if [ "${KEEP:-0}" = 1 ]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
}
trap finish EXIT
trap 'exit 1' INT TERM

say() { echo "bench-peers: $*" >&2; }

# as NAME COMMAND…: as that user when we are root and there is such a user. The process id stays the same.
as() {
	local user=$1
	shift
	if [ "$(id -u)" = 0 ] && id "$user" >/dev/null 2>&1; then
		exec setpriv --reuid="$user" --regid="$user" --init-groups "$@"
	fi
	exec "$@"
}

owned_by() { # owned_by NAME FOLDER
	mkdir -p "$2"
	if [ "$(id -u)" = 0 ] && id "$1" >/dev/null 2>&1; then chown -R "$1" "$2"; fi
}

# ---------------------------------------------------------------- installation

install_peers() {
	[ "$INSTALL" = 1 ] || return 0
	command -v apt-get >/dev/null || return 0
	local sudo=
	if [ "$(id -u)" != 0 ]; then
		sudo -n true 2>/dev/null || return 0
		sudo=sudo
	fi
	local want=() p
	for p in prosody ejabberd lua-dbi-sqlite3 erlang-p1-sqlite3 openssl; do
		dpkg -s "$p" >/dev/null 2>&1 || want+=("$p")
	done
	[ ${#want[@]} -gt 0 ] || return 0
	say "installing ${want[*]}"
	local policy=/usr/sbin/policy-rc.d made=
	if [ ! -e $policy ]; then # nothing is to start by itself
		printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
		$sudo chmod 755 $policy
		made=1
	fi
	for p in "${want[@]}"; do
		DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y --no-install-recommends "$p" >>"$work/apt.log" 2>&1 || say "cannot install $p"
	done
	[ -z "$made" ] || $sudo rm -f $policy
}

has() {
	case $1 in
	stonechat | floor) true ;;
	prosody) command -v prosody >/dev/null ;;
	prosodysql) command -v prosody >/dev/null && dpkg -s lua-dbi-sqlite3 >/dev/null 2>&1 ;;
	ejabberd) [ -n "$ejabberdctl" ] ;;
	ejabberdsql) [ -n "$ejabberdctl" ] && dpkg -s erlang-p1-sqlite3 >/dev/null 2>&1 ;;
	esac
}

# ------------------------------------------------------------------ the servers

port_of() {
	case $1 in
	stonechat) echo 25222 ;;
	ejabberd | ejabberdsql) echo 25232 ;;
	prosody | prosodysql) echo 25242 ;;
	floor) echo 25252 ;;
	esac
}

make_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
		-addext subjectAltName=DNS:localhost,DNS:conference.localhost -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
	cat "$work/cert.pem" "$work/key.pem" >"$work/both.pem"
	chmod 644 "$work"/*.pem # it is good for nothing else
}

configure_stonechat() { # configure_stonechat ARCHIVE
	local c=$work/stonechat-$1.toml
	{
		echo 'domains = ["localhost"]'
		echo "data = \"$work/stonechat\""
		[ "$1" = on ] || [ -z "$(stonechat_has mam)" ] || echo 'without = ["mam"]'
		cat <<END
[log]
level = "warn"
[listen]
client = ["127.0.0.1:$(port_of stonechat)"]
client_tls = []
[[tls.certificate]]
file = "$work/cert.pem"
key = "$work/key.pem"
[limits]
rate = 0
per_address = 100000
guests = 100000
[register]
open = true
hourly = 100000000
END
		[ -z "$(stonechat_has muc)" ] || printf '[muc]\nuser_rate = 1000000\nroom_rate = 1000000\n'
	} >"$c"
}

stonechat_has() { # stonechat_has MODULE: prints something when there is such a module
	printf 'domains = ["localhost"]\nwithout = ["%s"]\n' "$1" >"$work/try.toml"
	"$work/bin/stonechat" config check "$work/try.toml" >/dev/null 2>&1 && echo yes || true
}

configure_prosody() { # configure_prosody SERVER ARCHIVE
	local storage='storage = "internal"' mam=
	[ "$1" = prosody ] || storage='storage = "sql"; sql = { driver = "SQLite3", database = "prosody.sqlite" }'
	[ "$2" = off ] || mam='"mam";'
	owned_by prosody "$work/$1"
	cat >"$work/$1-$2.lua" <<END
data_path = "$work/$1"
pidfile = "$work/$1/prosody.pid"
log = { warn = "$work/$1/prosody.log" }
interfaces = { "127.0.0.1" }
c2s_ports = { $(port_of "$1") }
c2s_direct_tls_ports = { }
s2s_ports = { }
modules_enabled = {
	"roster"; "saslauth"; "tls"; "disco"; "ping"; "smacks"; "carbons"; "pep"; "private"; "vcard4"; "vcard_legacy";
	"blocklist"; "bookmarks"; "csi_simple"; "time"; "version"; "register"; $mam
}
modules_disabled = { "s2s" }
authentication = "internal_hashed"
password_hash = "SHA-256"
allow_registration = true
c2s_require_encryption = true
network_settings = { tcp_backlog = 1024 }
default_archive_policy = true
$storage
ssl = { key = "$work/key.pem"; certificate = "$work/cert.pem" }
VirtualHost "localhost"
Component "conference.localhost" "muc"
END
}

configure_ejabberd() { # configure_ejabberd SERVER ARCHIVE
	local dir=$work/$1-$2-conf mam= db=mnesia
	mkdir -p "$dir"
	owned_by ejabberd "$work/$1"
	[ "$2" = off ] || mam='  mod_mam: {default: always}'
	[ "$1" = ejabberd ] || db="sql
sql_type: sqlite
sql_database: $work/$1/ejabberd.sqlite"
	cat >"$dir/ejabberd.yml" <<END
hosts: [localhost]
loglevel: warning
certfiles: ["$work/both.pem"]
default_db: $db
auth_password_format: scram
auth_scram_hash: sha256
registration_timeout: infinity
disable_sasl_mechanisms: [digest-md5, X-OAUTH2]
listen:
  -
    port: $(port_of "$1")
    ip: "127.0.0.1"
    module: ejabberd_c2s
    max_stanza_size: 262144
    starttls_required: true
    backlog: 1024
shaper_rules:
  max_user_sessions: 100
acl:
  local: {user_regexp: ""}
access_rules:
  local: {allow: local}
modules:
  mod_adhoc: {}
  mod_blocking: {}
  mod_caps: {}
  mod_carboncopy: {}
  mod_client_state: {}
  mod_disco: {}
  mod_last: {}
$mam
  mod_muc:
    access: all
    access_create: all
    access_persistent: all
  mod_offline: {}
  mod_ping: {}
  mod_privacy: {}
  mod_private: {}
  mod_pubsub: {plugins: [flat, pep]}
  mod_register: {access: all, ip_access: all, password_strength: 0}
  mod_roster: {versioning: true}
  mod_stream_mgmt: {resend_on_timeout: if_offline}
  mod_vcard: {search: false}
  mod_version: {}
END
	cat >"$dir/ejabberdctl.cfg" <<END
ERL_OPTIONS="-env ERL_CRASH_DUMP_BYTES 0"
INET_DIST_INTERFACE=127.0.0.1
ERL_DIST_PORT=25239
EJABBERD_PID_PATH=$work/$1/beam.pid
END
	: >"$dir/inetrc"
	chmod -R a+rX "$dir"
}

# start_server SERVER ARCHIVE: sets pid, the process to measure.
start_server() {
	local log=$work/$1.out
	case $1 in
	stonechat)
		"$work/bin/stonechat" serve --config "$work/stonechat-$2.toml" >"$log" 2>&1 &
		started=$! pid=$!
		;;
	floor)
		"$work/bin/floor" -listen "127.0.0.1:$(port_of floor)" >"$log" 2>&1 &
		started=$! pid=$!
		;;
	prosody*)
		(cd "$work/$1" && as prosody prosody -F --config "$work/$1-$2.lua" >"$log" 2>&1) &
		started=$! pid=$!
		;;
	ejabberd*)
		rm -f "$work/$1/beam.pid"
		(cd "$work/$1" && export HOME="$work/$1" && as ejabberd "$ejabberdctl" --config-dir "$work/$1-$2-conf" --spool "$work/$1" \
			--logs "$work/$1" --node "bench$$@localhost" foreground >"$log" 2>&1) &
		started=$! pid=
		for _ in $(seq 600); do
			if [ -s "$work/$1/beam.pid" ]; then
				pid=$(cat "$work/$1/beam.pid")
				break
			fi
			sleep 0.02
		done
		[ -n "$pid" ] || { say "$1 did not start; see $log"; return 1; }
		started="$started $pid"
		;;
	esac
}

stop_server() {
	local p
	for p in $started; do kill -TERM "$p" 2>/dev/null || true; done
	for p in $started; do
		for _ in $(seq 300); do
			kill -0 "$p" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL "$p" 2>/dev/null || true
	done
	wait 2>/dev/null || true
	started=
}

# load SERVER SCENARIO OPTION…
load() {
	local server=$1 scenario=$2 children=
	shift 2
	case $server in ejabberd*) children=--children ;; esac
	"$work/bin/stonechat" bench "$scenario" --port "$(port_of "$server")" --server-pid "$pid" $children --label "$server" "$@"
}

# -------------------------------------------------------------------- the rows

# play ROW SERVER N
play() {
	local row=$1 server=$2 n=$3 archive=off options=()
	case $row in
	start) options=(start) ;;
	login) options=(login --sessions 2000 --count 500) ;;
	chat) options=(chat) ;;
	acks) options=(chat --acks) ;;
	steady) options=(chat --rate 1000) ;;
	archived) options=(chat --drain 60s) archive=on ;; # servers that sync each message deliver in bursts
	muc) options=(muc --rooms 10 --occupants 100) ;;
	presence) options=(presence --sessions 500 --contacts 20) ;;
	roster) options=(roster --sessions 100) ;;
	mam) options=(mam --sessions 100 --archive 200 --drain 60s) archive=on ;;
	idle) options=(idle --sessions "$IDLE" --warmup 5s) ;;
	*) say "no row $row"; exit 2 ;;
	esac
	case $server/$row in
	floor/chat | floor/steady) options+=(--floor) ;;
	floor/*) return 0 ;;
	*sql/archived | *sql/mam) ;;
	*sql/*) return 0 ;; # the storage matters in these two alone
	esac
	say "$row, $server, run $n"
	start_server "$server" "$archive"
	if [ "$row" != start ]; then
		# Let it come up, and let the first login be over.
		[ "$server" = floor ] && sleep 0.5 || load "$server" start --quiet >/dev/null
		sleep 1
	fi
	local json=$work/results/$row.$server.$n.json
	if ! load "$server" "${options[@]}" --duration "$LENGTH" --quiet --json "$json" >"$work/last.txt" 2>&1; then
		say "$row, $server: $(tail -n 1 "$work/last.txt" | cut -c1-300)"
		rm -f "$json"
	else
		sed 's/^/    /' "$work/last.txt" >&2
	fi
	stop_server
}

# prepare SERVER: makes the accounts.
prepare() {
	[ "$1" != floor ] || return 0
	local accounts=1000
	case " $ROWS " in *" idle "*) case $1 in *sql) ;; *) accounts=$IDLE ;; esac ;; esac
	[ "$accounts" -ge 1000 ] || accounts=1000
	say "making $accounts accounts on $1"
	start_server "$1" off
	for _ in $(seq 300); do
		(exec 3<>"/dev/tcp/127.0.0.1/$(port_of "$1")") 2>/dev/null && break
		sleep 0.1
	done
	load "$1" login --register --sessions 1 --count "$accounts" --quiet >"$work/last.txt" 2>&1 || {
		say "$1: $(tail -n 1 "$work/last.txt" | cut -c1-300)"
		return 1
	}
	stop_server
}

# ------------------------------------------------------------------------- run

install_peers
ejabberdctl=$(command -v ejabberdctl || { [ -x /usr/sbin/ejabberdctl ] && echo /usr/sbin/ejabberdctl; } || true)
mkdir "$work/bin"
revision=$(git describe --always --dirty 2>/dev/null || echo "of unknown revision") # of what is built here and now
go build -o "$work/bin/" ./cmd/stonechat ./bench/floor ./bench/peers
ulimit -n "$(ulimit -Hn)"
make_certificate
for a in on off; do
	configure_stonechat $a
	configure_prosody prosody $a
	configure_prosody prosodysql $a
	configure_ejabberd ejabberd $a
	configure_ejabberd ejabberdsql $a
done

here=()
for s in $SERVERS; do
	if has "$s"; then here+=("$s"); else say "skipped, because it is not there: $s"; fi
done
ready=()
for s in "${here[@]}"; do
	if prepare "$s"; then ready+=("$s"); else say "skipped, because it could not be prepared: $s" && stop_server; fi
done
for n in $(seq "$REPS"); do
	for row in $ROWS; do
		for s in "${ready[@]}"; do play "$row" "$s" "$n"; done
	done
done

{
	echo "$(date -u +%Y-%m-%d), $(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), $(($(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo) / 1048576)) GB, Linux $(uname -r)"
	echo "generator and servers on the same machine, over loopback; load average at the end: $(cut -d' ' -f1-3 /proc/loadavg)"
} >"$work/results/machine.txt"
{
	echo "Stonechat $revision, $(go env GOVERSION)"
	[ -z "$ejabberdctl" ] || echo "ejabberd $(dpkg-query -W -f '${Version}' ejabberd), Erlang $(dpkg-query -W -f '${Version}' erlang-base)"
	! command -v prosody >/dev/null || echo "Prosody $(dpkg-query -W -f '${Version}' prosody), Lua $(dpkg-query -W -f '${Version}' lua5.4 2>/dev/null || true)"
	echo "TLS 1.3 with one ECDSA P-256 certificate, STARTTLS, SCRAM-SHA-256 without channel binding, traffic limits off"
	echo "$REPS runs of each row, interleaved, $LENGTH each after 2 s of warm-up; each server started anew for each"
	echo "chat: 50 pairs, messages of 377 bytes; as fast as it goes is 20 under way in each pair"
	echo "archive off except in the rows that say so; there: Stonechat SQLite (every message committed before it is acknowledged),"
	echo "ejabberd Mnesia and SQLite, Prosody files and SQLite (its defaults: every insert synced); Mnesia and files do not sync each message"
	echo "repeat: REPS=$REPS LENGTH=$LENGTH IDLE=$IDLE make bench-peers"
} >"$work/results/versions.txt"
mkdir -p "$(dirname "$OUT")"
"$work/bin/peers" -results "$work/results" >"$work/benchmarks.md"
mv "$work/benchmarks.md" "$OUT"
say "wrote $OUT"

#!/usr/bin/env bash
# Runs a command against a throwaway Postfix in a folder of its own. It ends with the command.
#
#   apt install --no-install-recommends postfix      # its own service need not run
#   scripts/postfix.sh pnpm --filter @yuzuru/mail exec vitest run exercise -t TEST_SMTP
#   scripts/postfix.sh                               # prints the variable and waits for Ctrl-C
#
# The command finds YUZURU_TEST_SMTP in its environment. Run it as root. The Postfix takes mail on
# POSTFIX_PORT (2525), asks the server of the tests on POSTFIX_FILTER_PORT (10026) before it answers, and
# delivers nothing. POSTFIX_KEEP=1 leaves the folder with the log behind.
set -euo pipefail

port=${POSTFIX_PORT:-2525}
filter=${POSTFIX_FILTER_PORT:-10026}
folder=$(mktemp -d)
config=$folder/config
chmod 755 "$folder"
mkdir "$config" "$folder/queue" "$folder/data"
chown postfix "$folder/data"

cat > "$config/main.cf" <<END
compatibility_level = 3.6
queue_directory = $folder/queue
data_directory = $folder/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
myhostname = postfix.example.jp
mydestination =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
default_transport = discard
inet_interfaces = loopback-only
smtpd_error_sleep_time = 0
maillog_file = $folder/data/mail.log
maillog_file_prefixes = $folder
END
cat > "$config/master.cf" <<END
127.0.0.1:$port inet n - n - - smtpd -o smtpd_proxy_filter=127.0.0.1:$filter
rewrite unix - - n - - trivial-rewrite
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
discard unix - - n - - discard
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
END

stop() {
  local status=$?
  trap - EXIT INT TERM
  postfix -c "$config" stop >&2 || true
  if [[ -n ${POSTFIX_KEEP:-} ]]; then echo "postfix: the log is in $folder" >&2; else rm -rf "$folder"; fi
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
postfix -c "$config" start >&2

export YUZURU_TEST_SMTP="smtp://127.0.0.1:$port?filter=$filter"
if (($# > 0)); then
  "$@"
else
  echo "YUZURU_TEST_SMTP='$YUZURU_TEST_SMTP'"
  sleep infinity
fi

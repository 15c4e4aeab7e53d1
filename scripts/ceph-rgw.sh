#!/usr/bin/env bash
# Runs a command against a throwaway Ceph object gateway: one monitor, one OSD that keeps everything in
# memory, one gateway, on free ports of 127.0.0.1, in a folder of their own. All of it ends with the command.
#
#   apt install --no-install-recommends radosgw ceph-mon ceph-osd ceph-common
#   scripts/ceph-rgw.sh pnpm --filter @yuzuru/storage exec vitest run exercise given -t TEST_S3_ENDPOINT
#   scripts/ceph-rgw.sh                     # prints the variables and waits for Ctrl-C
#
# The command finds YUZURU_TEST_S3_ENDPOINT, _BUCKET, _KEY, _SECRET and _COMPATIBILITY in its environment.
# Nobody has to be root. CEPH_RGW_KEEP=1 leaves the folder with the logs behind.
set -euo pipefail

for tool in ceph ceph-authtool ceph-mon ceph-osd radosgw radosgw-admin monmaptool node; do
  command -v "$tool" >/dev/null || { echo "ceph-rgw: $tool is not installed" >&2; exit 127; }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/ceph-rgw-XXXXXX")
pids=()

# The command first, then the gateway, then what it stands on.
stop() {
  local status=$? index
  trap - EXIT INT TERM
  for ((index = ${#pids[@]} - 1; index >= 0; index -= 1)); do
    kill -TERM "${pids[index]}" 2>/dev/null || continue
    # It is given 10 s: whatever it holds is thrown away anyway.
    timeout 10 tail --pid="${pids[index]}" -f /dev/null || kill -KILL "${pids[index]}" 2>/dev/null || true
    wait "${pids[index]}" 2>/dev/null || true
  done
  if [[ -n ${CEPH_RGW_KEEP:-} ]]; then echo "ceph-rgw: logs are in $dir" >&2; else rm -rf "$dir"; fi
  exit "$status"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
  echo "ceph-rgw: $1" >&2
  tail -qn 3 "$dir"/*.log >&2 || true
  exit 1
}

# Three ports at once, so that they differ.
read -r mon_port osd_port rgw_port < <(node -e '
  const { createServer } = require("node:net")
  const servers = Array.from({ length: 3 }, () => createServer().listen(0, "127.0.0.1"))
  setImmediate(() => {
    console.log(servers.map((server) => server.address().port).join(" "))
    for (const server of servers) server.close()
  })')

fsid=$(cat /proc/sys/kernel/random/uuid)
key=$(node -p 'crypto.randomBytes(10).toString("hex")')
secret=$(node -p 'crypto.randomBytes(20).toString("hex")')
bucket=yuzuru-test
export CEPH_CONF="$dir/ceph.conf" CEPH_ARGS=

cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = v2:127.0.0.1:$mon_port
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
ms bind msgr1 = false
ms bind port min = $osd_port
ms bind port max = $((osd_port + 100))
keyring = $dir/keyring
run dir = $dir
admin socket = $dir/\$name.asok
log file = $dir/\$name.log
crash dir = $dir
mon cluster log file = $dir/cluster.log
mon data = $dir/mon
mon data avail crit = 0
mon allow pool size one = true
mon max pg per osd = 1000
osd data = $dir/osd
osd objectstore = memstore
memstore device bytes = 4294967296
osd crush chooseleaf type = 0
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
rgw data = $dir/rgw
# What was deleted makes room soon, and not in two hours: a full Ceph just does not answer.
rgw gc obj min wait = 1
rgw gc processor period = 5
rgw gc processor max time = 5
rgw frontends = beast endpoint=127.0.0.1:$rgw_port
CONF
mkdir "$dir/mon" "$dir/osd" "$dir/rgw"

# Each stays in the foreground, so that it is a child of this script and can't be left behind.
start() {
  local name=$1
  shift
  "$@" >"$dir/$name.out.log" 2>&1 &
  pids+=($!)
}

# One file with everybody's key: nobody else on this machine may join in.
ceph-authtool -C "$dir/keyring" --gen-key -n mon. --cap mon 'allow *' >/dev/null
for who in client.admin client.rgw osd.0; do
  ceph-authtool "$dir/keyring" --gen-key -n "$who" --cap mon 'allow *' --cap osd 'allow *' >/dev/null
done
monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon_port]" "$dir/monmap" >/dev/null
ceph-mon --mkfs -i a --monmap "$dir/monmap" --keyring "$dir/keyring" || fail 'the monitor can not be set up'
start mon ceph-mon -f -i a
timeout 30 ceph mon stat >/dev/null || fail 'the monitor does not answer'

osd_uuid=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$osd_uuid" >/dev/null
ceph-osd -i 0 --mkfs --osd-uuid "$osd_uuid" >/dev/null 2>&1 || fail 'the OSD can not be set up'
start osd ceph-osd -f -i 0
timeout 60 bash -c 'until ceph osd stat | grep -q "1 up"; do sleep 0.2; done' || fail 'the OSD does not come up'

timeout 60 radosgw-admin user create --uid yuzuru --display-name yuzuru --access-key "$key" \
  --secret-key "$secret" >/dev/null 2>"$dir/admin.log" || fail 'no user can be made'
start rgw radosgw -f -n client.rgw
endpoint=http://127.0.0.1:$rgw_port
node - "$endpoint" "$bucket" "$key" "$secret" <<'NODE' || fail 'the gateway does not take a bucket'
const [, , endpoint, bucket, key, secret] = process.argv
// The old signature (version 2) in the query: a line of its own, and nothing of what is to be tested.
const { createHmac } = require('node:crypto')
const expires = String(Math.floor(Date.now() / 1_000) + 600)
const signature = createHmac('sha1', secret).update(`PUT\n\n\n${expires}\n/${bucket}`).digest('base64')
const query = new URLSearchParams({ AWSAccessKeyId: key, Expires: expires, Signature: signature })
async function make(attempts) {
  const answer = await fetch(`${endpoint}/${bucket}?${query}`, { method: 'PUT' }).catch(() => undefined)
  if (answer?.ok) return
  if (attempts === 0) throw new Error(`It answered ${answer?.status}: ${await answer?.text()}`)
  setTimeout(make, 250, attempts - 1)
}
void make(200)
NODE

export YUZURU_TEST_S3_ENDPOINT=$endpoint YUZURU_TEST_S3_BUCKET=$bucket
export YUZURU_TEST_S3_KEY=$key YUZURU_TEST_S3_SECRET=$secret YUZURU_TEST_S3_COMPATIBILITY=s3-compatible
radosgw --version >&2
if [[ $# -gt 0 ]]; then
  # Not in the foreground: a signal to this script would have to wait for its end.
  "$@" <&0 &
  pids+=($!)
else
  export -p | grep -o 'YUZURU_TEST_S3_.*' | sed 's/^/export /'
fi
wait "${pids[-1]}"

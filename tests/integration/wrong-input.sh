#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck disable=SC2016,SC2317 # expressions for eval; functions are called indirectly
# Broken files, images, connections, permissions and full disks: each gets one sentence that says what to do, exit status
# 2 (what was asked for) or 3 (this host), and leaves nothing. cli.sh has the command line itself.
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash
vm=(run --mechanism virtio-venus --test api-driver-vulkan)

# --- typing errors in YAML
cp suites/hosts/reference.yaml "$work/host.yaml"
sed -i 's/^  vcpus: 1/  vcpsu: 1/' "$work/host.yaml"
line=$(grep -n vcpsu "$work/host.yaml" | cut -d: -f1)
refused "a wrong key in a host file" 2 "host.yaml, line $line, column 3: " 10 "${vm[@]}" --host "$work/host.yaml"
check "a wrong key in a host file: the right one is named" grep -q 'did you mean `vcpus`?' "$work/err"
sed -i 's/^  vcpsu: 1/  vcpus: many/' "$work/host.yaml"
refused "a word for a number in a host file" 2 "host.yaml, line $line, column 10: " 10 "${vm[@]}" --host "$work/host.yaml"
sed -i 's/^  vcpus: many/  vcpus: [1/' "$work/host.yaml"
refused "a host file that is no YAML" 2 "host.yaml, line " 10 "${vm[@]}" --host "$work/host.yaml"
sed 's/period_us: 20000 }/period_us: 3000 }/' suites/hosts/reference.yaml >"$work/host.yaml"
refused "a period that the scheduler cannot divide" 2 "make the period longer" 10 "${vm[@]}" --host "$work/host.yaml"

# --- schedulers: what the kernel or the profile cannot divide is found before anything is started
fair=(run --plan full --mechanism virtio-venus --test fair-slice)
for case in 'fixed-share, period_us: 2000000|the kernel takes 1000 to 1000000 us' \
    'fixed-share, slice_us: 500|the kernel takes 1000 to 1000000 us' \
    'fixed-share, slice_us: 50|`slice_us` must be from 100 to 10000000, not 50' \
    'fixed-share, period_us: 20000, slice_us: 30000|a slice cannot be longer than the period' \
    'fixed-shares, period_us: 20000|unknown policy `fixed-shares`, did you mean `fixed-share`?'; do
    IFS='|' read -r policy says <<<"$case"
    sed "s/fixed-share, period_us: 20000/$policy/" suites/hosts/reference.yaml >"$work/host.yaml"
    refused "a policy $policy" 2 "$says" 10 "${fair[@]}" --host "$work/host.yaml"
done
refused "a policy that the host does not offer" 2 'host `reference` offers no scheduling policy `gvt-weights`' 10 \
    "${fair[@]}" --policy gvt-weights
cp -r suites "$work/suites"
VGAUGE_SUITES=$work/suites
for weight in 0 101; do
    sed -i "s/weight: [013][01]*,/weight: $weight,/" "$work/suites/tests/fairness/weights.yaml"
    refused "a weight of $weight" 2 "\`weight\` must be from 1 to 100, not $weight" 10 "${fair[@]}"
done
sed -i 's/weight: 101/weight: 3/' "$work/suites/tests/fairness/weights.yaml"
# Not asked for anything wrong, but for what cannot be: a skip with the reason.
run 20 run --plan full --mechanism virtio-venus --test fair-weights --profile full --out "$work/run"
check "more tenants than the profile allows are a skip with the reason" \
    eval '[ "$status" = 4 ] && grep -q "needs 2 tenants; profile full allows 1 on this host" "$work/out"'
check "more tenants than the profile allows: no VM was started" eval 'nothing_left && ! grep -q booting "$work/err"'
rm -rf "$work/run"
for case in 'tests/scheduling/equal-throughput.yaml|analyze:|analyse:|`analyze`' 'plans/quick.yaml|tests:|tets:|`tests`'; do
    IFS='|' read -r file right wrong hint <<<"$case"
    [ -e "$work/suites/$file" ] || file=$(cd "$work/suites" && grep -rl '^id: fair-equal-throughput' tests)
    sed -i "s/^$right/$wrong/" "$work/suites/$file"
    line=$(grep -n "^$wrong" "$work/suites/$file" | cut -d: -f1)
    refused "a wrong key in $file" 2 "$(basename "$file"), line $line, column 1: " 10 "${vm[@]}"
    check "a wrong key in $file: the right one is named" grep -q "did you mean $hint?" "$work/err"
    sed -i "s/^$wrong/$right/" "$work/suites/$file"
done
VGAUGE_SUITES=$PWD/suites

# --- images
XDG_CACHE_HOME=$work/nowhere refused "no images" 3 'run `make images`' 10 "${vm[@]}"
check "no images: no cache is made" test ! -e "$work/nowhere"
rootfs=$("$VGAUGE_IMAGES_SCRIPT" --print | sed -n 's/^rootfs=//p')
kernel=$("$VGAUGE_IMAGES_SCRIPT" --print | sed -n 's/^kernel=//p')
host_file "$work/host.yaml" kernel "$work/nowhere"
refused "a kernel that is missing" 3 "the guest kernel $work/nowhere cannot be read" 10 "${vm[@]}" --host "$work/host.yaml"
host_file "$work/host.yaml" rootfs "$work"
refused "a directory for an image" 3 "the guest image $work is not a file" 10 "${vm[@]}" --host "$work/host.yaml"
: >"$work/image"
host_file "$work/host.yaml" rootfs "$work/image"
refused "an empty image" 3 "the guest image $work/image is not a file with" 10 "${vm[@]}" --host "$work/host.yaml"
head -c 1000000 "$kernel" >"$work/image"
host_file "$work/host.yaml" kernel "$work/image"
refused "a truncated kernel" 3 'cannot be started: libvirt says: ' 30 "${vm[@]}" --host "$work/host.yaml"
head -c 1000000 "$rootfs" >"$work/image"
host_file "$work/host.yaml" rootfs "$work/image" boot_timeout_s 15
refused "a truncated image" 3 'before its agent said hello' 30 "${vm[@]}" --host "$work/host.yaml"
check "a truncated image: the console says it" grep -q 'not the guest image' "$work/err"
mv "$work/bin/payload.squashfs" "$work/payload"
refused "no payload" 3 "the guest payload $work/bin/payload.squashfs cannot be read" 10 "${vm[@]}"
mv "$work/payload" "$work/bin/payload.squashfs"

# --- connections
for uri in qemu+tcp://127.0.0.1:1/system qemu+unix:///system?socket=/nowhere nonsense://; do
    sed "s|^connection:.*|connection: $uri|" suites/hosts/reference.yaml >"$work/host.yaml"
    refused "nobody at $uri" 3 "cannot connect to the hypervisor at $uri" 5 "${vm[@]}" --host "$work/host.yaml"
done

# --- permissions
if [ "$(id -u)" = 0 ]; then
    chmod 644 "$work/host.yaml"
    mkdir -m 755 "$work/suites.nobody" "$work/mine"
    cp -r suites reports "$work/suites.nobody"
    cp -r guest-workloads/image "$work/suites.nobody/image"
    chmod -R a+rX "$work/suites.nobody"
    cat >"$work/nobody" <<W
#!/bin/sh
export HOME=/nonexistent VGAUGE_SUITES=$work/suites.nobody/suites VGAUGE_REPORTS=$work/suites.nobody/reports
export VGAUGE_IMAGES_SCRIPT=$work/suites.nobody/image/build-images XDG_RUNTIME_DIR=$work/r
exec setpriv --reuid=65534 --regid=65534 --clear-groups "$work/bin/vgauge" "\$@"
W
    chmod 755 "$work/nobody"
    vgauge=$work/nobody
    mkdir -m 700 "$work/r"
    refused "a run directory that may not be made" 3 'Permission denied' 10 run --host native --test api-driver-gl
    mkdir -m 777 "$work/open"
    refuse_in_open() { # NAME TEXT MECHANISM
        run 20 run --mechanism "$3" --test api-driver-vulkan --out "$work/open/run"
        check "$1" says 3 "$2"
        check "$1: nothing is left" eval 'nothing_left && [ -z "$(ls -A "$work/open")" ]'
    }
    refuse_in_open "a runtime directory that may not be made" 'cannot create the runtime directory' native
    chmod 777 "$work/r"
    mkdir -m 777 "$work/r/vgauge"
    refuse_in_open "a runtime directory of somebody else's" 'must be a directory that only you can enter' native
    rmdir "$work/r/vgauge"
    # Wherever the cache of this machine is, and whoever may read it.
    mkdir -m 700 "$work/cache"
    XDG_CACHE_HOME=$work/cache refuse_in_open "images that may not be read" 'run `make images`' virtio-venus
    vgauge=$work/bin/vgauge
fi

# --- full disks
if unshare -m true 2>/dev/null; then
    mkdir "$work/disk"
    unshare -m sh -c "mount -t tmpfs -o size=20m tmpfs $work/disk &&
        '$VGAUGE_IMAGES_SCRIPT' --cache $work/disk/cache; echo \"status \$?\"; ls -A $work/disk" >"$work/out" 2>&1
    check "no room for the images is told before anything is fetched" \
        eval 'grep -q "MB free in .* which has 20 MB" "$work/out" && [ "$(wc -l <"$work/out")" = 2 ] && grep -qx "status 3" "$work/out"'
    sed 's/^  - name: native/&\n    software_renderer: true/' suites/hosts/native.yaml >"$work/native.yaml"
    for case in '300k dsub-vulkan-latency' '600k api-driver-vulkan,dsub-vulkan-latency' '1m api-*,dsub-*'; do
        read -r size tests <<<"$case"
        cat >"$work/small" <<W
#!/bin/sh
mount -t tmpfs -o size=$size tmpfs "$work/disk" || exit 99
"$work/bin/vgauge" "\$@" --out "$work/disk/run"
status=\$?
[ ! -d "$work/disk/run" ] || cp -r "$work/disk/run" "$work/kept"
exit \$status
W
        chmod 755 "$work/small"
        rm -rf "$work/kept"
        unshare -m "$work/small" run --host "$work/native.yaml" --test "$tests" >"$work/out" 2>"$work/err" &
        pid=$!
        finish 60
        check "a disk of $size that fills during a run" says 3 "$work/disk/run"
        check "a disk of $size that fills during a run: run.json is whole" \
            eval '[ ! -e "$work/kept" ] || python3 -m json.tool "$work/kept/run.json" >/dev/null'
        check "a disk of $size that fills during a run: nothing is left" nothing_left
    done
fi
exit $failed

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The CI templates of docs/ci, executed as their systems would: every step in its order, with the template's own variables,
# in a clean copy of the tree, on native tenants; with a good run and with one that fails. What is not done here: the
# systems' own actions (checkout, upload), and `make deps images build`, which would install packages and build images.
# shellcheck disable=SC2317 # functions are called through check
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")/../.." || exit 3
# shellcheck source=tests/integration/lib.bash
. tests/integration/lib.bash
unset VGAUGE_SUITES VGAUGE_REPORTS VGAUGE_IMAGES_SCRIPT # a CI job finds them in its checkout

# Stands for make: its goals must be those of the Makefile; what they would build is there already.
mkdir "$work/stand-in"
cat >"$work/stand-in/make" <<S
#!/bin/sh
for goal; do grep -qE "^\$goal:" Makefile || { echo "make: no goal \$goal" >&2; exit 2; }; done
mkdir -p build && cp "$work"/bin/* build/
S
chmod +x "$work/stand-in/make"
gcc -shared -fPIC -O2 -o "$work/wrong.so" tests/integration/no-dispatch.c -ldl || exit 3

# NAME: a copy of the tree as a checkout has it, in which boots are few and no figure of a busy machine decides.
checkout() {
    mkdir "$work/$1"
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard -z | tar -c --null --ignore-failed-read -T - 2>/dev/null |
            tar -x -C "$work/$1"
    else
        tar -c --exclude="./$build" --exclude=./runs . | tar -x -C "$work/$1"
    fi
    sed -i 's/samples: 10000/samples: 1000/; s/">=": 10000/">=": 1000/; /quiet/d' \
        "$work/$1/suites/tests/direct-submission/vulkan-latency.yaml"
    sed -i 's/^baseline_boots: .*/baseline_boots: 12/; s/^looks: .*/looks: [6]/' "$work/$1/suites/gate.yaml"
    echo 'thresholds: [{ metric: "*.p50", min_effect: 10, source: about the path }, { metric: "*", min_effect: 0, source: noise }]' \
        >>"$work/$1/suites/gate.yaml"
    sed 's/^    policies:/    software_renderer: true\n&/' suites/hosts/native.yaml >"$work/$1/suites/hosts/mine.yaml"
}
cat >"$work/steps.py" <<'P'
"""steps.py SYSTEM TEMPLATE: what the system would execute, one JSON object a line, first the variables."""
import json, sys, yaml
system, path = sys.argv[1:]
document = yaml.safe_load(open(path))
if system == "github":
    (job,) = document["jobs"].values()
    print(json.dumps(job["env"]))
    for step in job["steps"]:
        if "run" in step:
            print(json.dumps({"run": step["run"], "always": step.get("if") == "always()"}))
        elif step["uses"].startswith("actions/upload-artifact@"):
            print(json.dumps({"keep": step["with"]["path"]}))
        elif not step["uses"].startswith("actions/checkout@"):
            sys.exit(f"{step['uses']}: what does it do?")
else:
    (job,) = (j for j in document.values() if isinstance(j, dict) and "script" in j)
    print(json.dumps(job["variables"]))
    print(json.dumps({"run": "\n".join(job["script"]), "always": False})) # all lines in one shell
    for path in job["artifacts"]["paths"] + [job["artifacts"]["reports"]["junit"]]:
        print(json.dumps({"keep": path}))
P
cat >"$work/job.py" <<'P'
"""job.py SYSTEM TREE: reads what steps.py wrote and executes it in the tree; exit status as the job's: that of the first
step that failed. What is to be kept must be there."""
import glob, json, os, re, subprocess, sys
system, tree = sys.argv[1:]
known = {"runner.temp": tree, "github.run_id": "7", "github.run_attempt": "1"}
def fill(text, variables):
    text = re.sub(r"\$\{\{ *(env\.)?([a-zA-Z_.]+) *\}\}", lambda m: variables[m[2]] if m[1] else known[m[2]], text)
    return text.replace("$CI_PROJECT_DIR", tree)
variables = {name: fill(str(value), {}) for name, value in json.loads(sys.stdin.readline()).items()}
environment = {**os.environ, **variables, "GITHUB_STEP_SUMMARY": f"{tree}/summary.md", "CI_PROJECT_DIR": tree}
status = 0
shell = ["bash", "-e"] if system == "github" else ["bash", "-eo", "pipefail"]
for step in map(json.loads, sys.stdin):
    if "keep" in step:
        found = glob.glob(os.path.join(tree, fill(step["keep"], variables)))
        print("keep", step["keep"], found)
        if not found:
            sys.exit(99)
    elif status == 0 or step["always"]:
        ended = subprocess.run(shell + ["-c", fill(step["run"], variables)], cwd=tree, env=environment).returncode
        print("status", ended, "of", step["run"])
        status = status or ended
sys.exit(status)
P
job() { # status, system, template, checkout
    local got
    python3 "$work/steps.py" "$2" "docs/ci/$3" >"$work/steps" || return 1
    (cd "$work/$4" && PATH=$work/stand-in:$PATH python3 "$work/job.py" "$2" "$work/$4" <"$work/steps") >"$work/out" 2>"$work/err"
    got=$?
    [ "$got" = "$1" ] || { echo "status $got instead of $1"; grep -v "^\[" "$work/out" "$work/err" | tail -n 15; return 1; }
}

# What whoever owns the host sets once: its host file, a short plan, a baseline of its own.
export VGAUGE_HOST=mine VGAUGE_PLAN=full VGAUGE_ARGS="--test dsub-vulkan-latency --profile full"
export VGAUGE_BASELINES=$work/baselines
checkout blessing
blessed() (
    cd "$work/blessing" && "$work/stand-in/make" build &&
        build/vgauge run --plan full --host mine --test dsub-vulkan-latency --profile full --boots 12 --out "$work/base" &&
        build/vgauge bless "$work/base" --as main
)
check "a baseline is made in a checkout" blessed
check "GitHub's checkout" checkout github
check "GitHub's job passes for a good run" job 0 github github-actions.yaml github
check "and shows its summary" grep -q '^### vgauge gate: passed' "$work/github/summary.md"
check "GitLab's checkout" checkout gitlab
check "GitLab's job passes, too" job 0 gitlab gitlab-ci.yaml gitlab
check "and leaves JUnit" xmllint --noout "$work/gitlab/vgauge-run/gate.xml"
for system in github gitlab; do
    checkout "$system-bad"
    sed -i "s|^    software_renderer.*|&\n    environment: [LD_PRELOAD=$work/wrong.so]|" "$work/$system-bad/suites/hosts/mine.yaml"
done
check "GitHub's job fails for a driver that does nothing" job 1 github github-actions.yaml github-bad
check "and says so all the same" grep -q '^### vgauge gate: ' "$work/github-bad/summary.md"
check "GitLab's job fails, too" job 1 gitlab gitlab-ci.yaml gitlab-bad
check "with what it keeps" xmllint --noout "$work/gitlab-bad/vgauge-run/gate.xml"
exit $failed

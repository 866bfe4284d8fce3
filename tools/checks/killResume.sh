#!/bin/sh
# Kills `tether train` by SIGKILL at random steps and resumes it: what it leaves must equal an uninterrupted run's, bit for bit.
# Usage: tools/checks/killResume.sh [times] [seed]
here=$(dirname "$0")
exec node --conditions=@tether/source "$here/../../apps/cli/src/testing/killResumeCheck.ts" "${1:-5}" "${2:-1}"

#!/usr/bin/env bash
# Ends servers that start.sh started for RUN_DIR, or pauses them, and touches nothing else: a pid counts only if its
# command line names RUN_DIR.
#
#   stop.sh RUN_DIR [kafka|elasticsearch|both] [stop|kill|pause|resume]
#
# stop waits until it is down, with its data whole; kill is the power cut; pause makes it hang with its connections open.
set -uo pipefail
usage="usage: stop.sh RUN_DIR [kafka|elasticsearch|both] [stop|kill|pause|resume]"
run=$(cd "${1:?$usage}" && pwd) || exit 1
what=${2:-both} how=${3:-stop}
case $what in kafka) names=(kafka) ;; elasticsearch) names=(es) ;; both) names=(es kafka) ;; *) echo "$usage" >&2; exit 2 ;; esac

ours() { grep -qsF "$run/" "/proc/$1/cmdline"; }
gone() { # PID TENTHS: until its sockets are closed too, which a command line that is already empty does not say
  for ((i = 0; i < $2; i++)); do
    grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status" || return 0
    sleep 0.1
  done
  return 1
}
for name in "${names[@]}"; do
  [ -s "$run/$name/pid" ] || continue
  pid=$(cat "$run/$name/pid")
  ours "$pid" || { rm -f "$run/$name/pid"; continue; }
  case $how in
    pause) kill -STOP "$pid" ;;
    resume) kill -CONT "$pid" ;;
    kill) kill -KILL "$pid"; gone "$pid" 100; rm -f "$run/$name/pid" ;;
    stop)
      kill -TERM "$pid"; kill -CONT "$pid" # a paused process hears no other signal
      gone "$pid" 300 || { kill -KILL "$pid"; gone "$pid" 100; }
      rm -f "$run/$name/pid"
      ;;
    *) echo "$usage" >&2; exit 2 ;;
  esac
done
[ "$what" != both ] || [ "$how" = pause ] || [ "$how" = resume ] || rm -f "$run/owner"
exit 0

#!/bin/sh
# Checks that src/sources.am and test/unit/sources.am list exactly the files of the tree.
# --update writes the two lists anew. A fuzz target or benchmark is one file and one program.
set -eu

root=${UVB_SOURCE_DIR:-$(cd "$(dirname "$0")/../.." && pwd)}
cd "$root"

# files DIRECTORY... -- PATTERN...: the files whose names match, sorted bytewise.
files() {
  directories=
  while [ "$1" != -- ]; do
    if [ -d "$1" ]; then directories="$directories $1"; fi
    shift
  done
  shift
  for pattern in "$@"; do
    # The directories are words of ours without blanks.
    # shellcheck disable=SC2086
    find $directories -type f -name "$pattern"
  done | LC_ALL=C sort
}

# assign NAME: NAME = the lines of standard input, one a row.
assign() {
  printf '%s =' "$1"
  while read -r file; do printf ' \\\n\t%s' "$file"; done
  printf '\n'
}

# identifier FILE: the name automake makes of a program's name.
identifier() { printf '%s' "$1" | tr -c 'A-Za-z0-9_' '_'; }

# program FILE LINK [FLAGS]: how automake builds the program of one file.
program() {
  name=${1%.cc}
  id=$(identifier "$name")
  printf '%s_SOURCES = %s\n' "$id" "$1"
  printf '%s_CPPFLAGS = $(TEST_CPPFLAGS)\n' "$id"
  printf '%s_LDADD = $(%s)\n' "$id" "$2"
  if [ $# -gt 2 ]; then printf '%s_LDFLAGS = $(AM_LDFLAGS) $(%s)\n' "$id" "$3"; fi
}

programs() { while read -r file; do program "$file" "$@"; done; }
without_suffix() { sed 's/\.cc$//'; }
heading() { printf '# Written by test/docs/sources_test.sh --update.\n\n'; }

src_list() {
  heading
  files src -- '*.cc' | grep -v '^src/main\.cc$' | assign library_sources
  files include src -- '*.h' | assign library_headers
  if [ -f src/main.cc ]; then
    printf 'bin_PROGRAMS += uvbouncer\nuvbouncer_SOURCES = src/main.cc\n'
  fi
  files man -- '*.[1-8]' | assign dist_man_MANS
  files etc -- '*.ini' '*.txt' '*.service' | assign dist_doc_DATA
}

micro_benchmarks() { files test/bench -- '*_bench.cc'; }
# A benchmark's file with a main() is a program; the others are shared by all of them.
with_main() { while read -r file; do if grep -q '^int main(' "$file"; then echo "$file"; fi; done; }
without_main() { while read -r file; do if ! grep -q '^int main(' "$file"; then echo "$file"; fi; done; }
bench_files() { files test/bench -- '*.cc' | sed '/_bench\.cc$/d'; }
benchmarks() { bench_files | with_main; }
fuzz_targets() { files test/fuzz -- '*_fuzz.cc'; }

test_list() {
  heading
  files test/unit -- '*.cc' | assign unit_test_sources
  files test/unit test/fakes -- '*.h' | assign unit_test_headers
  fuzz_targets | without_suffix | assign fuzz_programs
  fuzz_targets | programs FUZZ_LINK FUZZ_LDFLAGS
  bench_files | without_main | assign bench_shared_sources
  files test/bench -- '*.h' | assign bench_shared_headers
  benchmarks | without_suffix | assign bench_programs
  benchmarks | programs BENCH_LINK
  micro_benchmarks | without_suffix | assign microbench_programs
  micro_benchmarks | programs MICROBENCH_LINK
  files test/docs -- '*_test.sh' '*_test.py' | assign docs_tests
}

if [ "${1-}" = --update ]; then
  src_list >src/sources.am
  test_list >test/unit/sources.am
  exit 0
fi

failed=0
src_list | diff -u src/sources.am - || failed=1
test_list | diff -u test/unit/sources.am - || failed=1
if [ "$failed" -ne 0 ]; then
  echo 'the lists differ from the tree (lines with +: in the tree only); run test/docs/sources_test.sh --update' >&2
fi
exit "$failed"

# Turns a toy program into a static ELF executable for `cpu` (386, amd64, arm, arm64, ppc64le,
# riscv64, s390x), printed as octal escapes. The language: `print "text"`, `exit 0…255`,
# `# comment`; in a text `\"` and `\\` are escapes and `$CPU` is the name of the target.
#
# The file: ELF header, one program header, code, texts; all of it loaded at 4 MiB.

BEGIN {
  for (i = 1; i < 256; i++) code_of[sprintf("%c", i)] = i
  for (i = 0; i < 16; i++) digit[substr("0123456789abcdef", i + 1, 1)] = i
  #                 bits order    e_machine e_flags   bytes of code for print and for exit
  split("386        32   little   3         00000000  22 12", row); add_cpu(row)
  split("amd64      64   little   62        00000000  22 12", row); add_cpu(row)
  split("arm        32   little   40        05000200  32 12", row); add_cpu(row)
  split("arm64      64   little   183       00000000  28 12", row); add_cpu(row)
  split("ppc64le    64   little   21        00000002  28 12", row); add_cpu(row)
  split("riscv64    64   little   243       00000000  28 12", row); add_cpu(row)
  split("s390x      64   big      22        00000000  18  6", row); add_cpu(row)
  if (!(cpu in bits)) fail("expected a known CPU, found `" cpu "`")
}

/^[ \t]*(#.*)?$/ { next }
/^[ \t]*print[ \t]+".*"[ \t]*$/ { kind[++count] = "print"; text[count] = string($0); next }
/^[ \t]*exit[ \t]+[0-9]+[ \t]*$/ && $2 < 256 { kind[++count] = "exit"; status[count] = $2; next }
{ fail(FILENAME ":" NR ": expected `print \"text\"` or `exit 0…255`, found `" $0 "`") }

END {
  if (failed) exit 1
  kind[++count] = "exit"; status[count] = 0
  base = 4 * 1024 * 1024
  start = bits[cpu] == 64 ? 120 : 84
  size = start
  for (i = 1; i <= count; i++) size += kind[i] == "print" ? print_size[cpu] : exit_size[cpu]
  for (i = 1; i <= count; i++) { at[i] = base + size; size += length(text[i]) }
  header()
  for (i = 1; i <= count; i++) {
    if (kind[i] == "print") write_call(at[i], length(text[i]))
    else exit_call(status[i] + 0)
  }
  for (i = 1; i <= count; i++)
    for (j = 1; j <= length(text[i]); j++) byte(code_of[substr(text[i], j, 1)])
}

function add_cpu(row) {
  bits[row[1]] = row[2]; order[row[1]] = row[3]; machine[row[1]] = row[4]
  flags[row[1]] = row[5]; print_size[row[1]] = row[6]; exit_size[row[1]] = row[7]
}

function fail(message) {
  print "compile: " message > "/dev/stderr"
  failed = 1
  exit 1
}

# What stands between the outer quotes of a line, with a line feed at the end.
function string(line,    inner, result, c, n) {
  inner = line
  sub(/^[^"]*"/, "", inner)
  sub(/"[ \t]*$/, "", inner)
  for (n = 1; n <= length(inner); n++) {
    c = substr(inner, n, 1)
    if (c == "\"") fail(FILENAME ":" NR ": expected `\\\"` in a text, found `\"`")
    if (c == "\\") {
      c = substr(inner, ++n, 1)
      if (c != "\"" && c != "\\")
        fail(FILENAME ":" NR ": expected `\\\"` or `\\\\`, found `\\" c "`")
    } else if (substr(inner, n, 4) == "$CPU") { c = cpu; n += 3 }
    result = result c
  }
  return result "\n"
}

# The ELF header and its one program header: readable, executable, page-aligned for any page size.
function header() {
  hex("7f454c46"); byte(bits[cpu] / 32); byte(order[cpu] == "big" ? 2 : 1)
  hex("01000000000000000000")
  half(2); half(machine[cpu]); word(1); address(base + start)
  address(bits[cpu] == 64 ? 64 : 52); address(0); word(number(flags[cpu]))
  half(bits[cpu] == 64 ? 64 : 52); half(bits[cpu] == 64 ? 56 : 32); half(1)
  half(bits[cpu] == 64 ? 64 : 40); half(0); half(0)
  word(1)
  if (bits[cpu] == 64) word(5)
  address(0); address(base); address(base); address(size); address(size)
  if (bits[cpu] == 32) word(5)
  address(65536)
}

# write(1, where, length)
function write_call(where, len) {
  if (cpu == "amd64") {
    hex("b801000000bf01000000be"); word(where); hex("ba"); word(len); hex("0f05")
  }
  if (cpu == "386") {
    hex("b804000000bb01000000b9"); word(where); hex("ba"); word(len); hex("cd80")
  }
  # arm: both numbers lie behind the branch that jumps over them
  if (cpu == "arm") {
    code("e3a00001 e59f100c e59f200c e3a07004 ef000000 ea000001"); word(where); word(len)
  }
  if (cpu == "arm64") {
    code("d2800020")
    word(number("d2800001") + low(where) * 32); word(number("f2a00001") + high(where) * 32)
    word(number("d2800002") + low(len) * 32); word(number("f2a00002") + high(len) * 32)
    code("d2800808 d4000001")
  }
  if (cpu == "ppc64le") {
    code("38600001")
    word(number("3c800000") + high(where)); word(number("60840000") + low(where))
    word(number("3ca00000") + high(len)); word(number("60a50000") + low(len))
    code("38000004 44000002")
  }
  if (cpu == "riscv64") {
    code("00100513"); load_riscv(11, where); load_riscv(12, len); code("04000893 00000073")
  }
  if (cpu == "s390x") { hex("a7290001c031"); word(where); hex("c041"); word(len); hex("0a04") }
}

# exit(status)
function exit_call(status) {
  if (cpu == "amd64") { hex("b83c000000bf"); word(status); hex("0f05") }
  if (cpu == "386") { hex("b801000000bb"); word(status); hex("cd80") }
  if (cpu == "arm") { word(number("e3a00000") + status); code("e3a07001 ef000000") }
  if (cpu == "arm64") { word(number("d2800000") + status * 32); code("d2800ba8 d4000001") }
  if (cpu == "ppc64le") { word(number("38600000") + status); code("38000001 44000002") }
  if (cpu == "riscv64") { word(number("00000513") + status * 1048576); code("05d00893 00000073") }
  if (cpu == "s390x") { hex("a729"); half(status); hex("0a01") }
}

# lui and addi: the second adds a signed number, so the first rounds
function load_riscv(register, value,    upper, lower) {
  upper = int((value + 2048) / 4096)
  lower = (value - upper * 4096 + 4096) % 4096
  word(upper * 4096 + register * 128 + 55)
  word(lower * 1048576 + register * 32768 + register * 128 + 19)
}

function low(value) { return value % 65536 }
function high(value) { return int(value / 65536) }

function number(digits,    n, value) {
  for (n = 1; n <= length(digits); n++) value = value * 16 + digit[substr(digits, n, 1)]
  return value
}

# Instructions of 32 bits, in the CPU's byte order.
function code(words,    list, last, n) {
  last = split(words, list, " ")
  for (n = 1; n <= last; n++) word(number(list[n]))
}

function hex(digits,    n) {
  for (n = 1; n < length(digits); n += 2) byte(number(substr(digits, n, 2)))
}

function address(value) {
  if (bits[cpu] == 64 && order[cpu] == "big") word(0)
  word(value)
  if (bits[cpu] == 64 && order[cpu] == "little") word(0)
}

function word(value) {
  half(order[cpu] == "big" ? high(value) : low(value))
  half(order[cpu] == "big" ? low(value) : high(value))
}

function half(value) {
  byte(order[cpu] == "big" ? int(value / 256) : value % 256)
  byte(order[cpu] == "big" ? value % 256 : int(value / 256))
}

function byte(value) { printf "\\%03o", value }

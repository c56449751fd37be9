/*
 * A PJRT plugin that computes nothing and fails on demand. Every structure is a row of 64-bit words: its size, a pointer
 * to extensions, its fields. As version it tells how many objects are alive and how many events were awaited, so tests see
 * whether all were given back, and who waits.
 *
 * What fails is asked for in words: a client by its option `fail` (a code), a program by its text:
 *   "fails to compile"  "fails to start"  "fails on the device"
 *
 * Compiled with MAJOR, MINOR, BYTES (that its table claims to have), SYMBOL (the function's name) and API (what it
 * returns); with ON_CLIENT (a statement for when a client is created), EXECUTES (whether executions begin) and ARRAY_BYTES
 * (of every array, all zeros).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef MAJOR
#define MAJOR 0
#endif
#ifndef MINOR
#define MINOR 81
#endif
#ifndef BYTES
#define BYTES 816
#endif
#ifndef SYMBOL
#define SYMBOL GetPjrtApi
#endif
#ifndef API
#define API table
#endif
#ifndef ON_CLIENT
#define ON_CLIENT
#endif
#ifndef EXECUTES
#define EXECUTES 1
#endif
#ifndef ARRAY_BYTES
#define ARRAY_BYTES 4
#endif

typedef uint64_t word;

/* Anything that the plugin hands out. */
typedef struct {
  word code;   /* of the failure that it stands for, or 0 */
  word starts; /* of a program: whether executions begin */
} object;

static int alive, awaited;
static char version[64];

static word new_object(word code) {
  object *made = calloc(1, sizeof(object));
  made->code = code;
  alive++;
  return (word)made;
}

static word failure(word code) { return new_object(code); }

static word delete_object(word *args) {
  if (args[2] != 0) {
    free((void *)args[2]);
    alive--;
  }
  return 0;
}

static object *first(word *args) { return (object *)args[2]; }

static word error_message(word *args) {
  args[3] = (word) "the mock fails";
  args[4] = strlen("the mock fails");
  return 0;
}
static word error_code(word *args) {
  args[3] = first(args)->code;
  return 0;
}
static word succeed(word *args) { return 0; }

static word await_event(word *args) {
  awaited++;
  return first(args)->code ? failure(first(args)->code) : 0;
}

static word create_client(word *args) {
  ON_CLIENT;
  word *options = (word *)args[2];
  for (word option = 0; option < args[3]; option++, options += 7) {
    if (options[3] == 4 && memcmp((void *)options[2], "fail", 4) == 0) return failure(options[5]);
  }
  args[8] = new_object(0);
  return 0;
}
static word platform_name(word *args) {
  args[3] = (word) "mock";
  args[4] = 4;
  return 0;
}
static word platform_version(word *args) {
  args[3] = (word)version;
  args[4] = snprintf(version, sizeof version, "%d alive, %d awaited", alive, awaited);
  return 0;
}

/* Three devices, each its own description. */
static object devices[3];
static object *const device_list[3] = {devices, devices + 1, devices + 2};

static word three_devices(word *args) {
  args[3] = (word)device_list;
  args[4] = 3;
  return 0;
}
static word description(word *args) {
  args[3] = args[2];
  return 0;
}
static word device_id(word *args) {
  args[3] = first(args) - devices;
  return 0;
}
/* The first device has a limit, the second none, the third fails. */
static word device_memory(word *args) {
  word device = first(args) - devices;
  if (device == 2) return failure(13);
  args[3] = 5;
  args[10] = 100;
  args[11] = device == 0;
  return 0;
}

static int contains(word *program, const char *words) {
  return memmem((void *)program[2], program[3], words, strlen(words)) != NULL;
}

/* XLA's parser reads on until it meets a 0. */
static int ends(word *program) { return ((char *)program[2])[program[3]] == 0; }

static word compile(word *args) {
  word *program = (word *)args[3];
  if (!ends(program) || contains(program, "fails to compile")) return failure(3);
  args[6] = new_object(contains(program, "fails on the device") ? 13 : 0);
  ((object *)args[6])->starts = EXECUTES && !contains(program, "fails to start");
  return 0;
}
static word get_executable(word *args) {
  args[3] = new_object(0);
  return 0;
}
static word one_output(word *args) {
  args[3] = 1;
  return 0;
}
static word execute(word *args) {
  object *program = first(args);
  if (!program->starts) return failure(8);
  for (word device = 0; device < args[5]; device++) {
    ((word **)args[7])[device][0] = new_object(program->code);
    ((word *)args[8])[device] = new_object(program->code);
  }
  return 0;
}

/* Copied when it returns: there is no event. */
static word from_host(word *args) {
  args[13] = 0;
  args[14] = new_object(0);
  return 0;
}
static word no_dimensions(word *args) {
  args[3] = args[4] = 0;
  return 0;
}
static word to_host(word *args) {
  if (args[4] == 0) args[5] = ARRAY_BYTES;
  else args[6] = new_object(first(args)->code);
  return 0;
}

static word create_topology(word *args) {
  args[6] = new_object(0);
  return 0;
}
static word compile_for(word *args) {
  word *program = (word *)args[3];
  if (!ends(program) || contains(program, "fails to compile")) return failure(3);
  args[7] = new_object(0);
  return 0;
}
static word memory(word *args) {
  for (word field = 3; field < 14; field++) args[field] = field;
  return 0;
}

static word table[110];

word SYMBOL(void) {
  table[0] = BYTES;
  table[2] = 24;
  table[4] = (word)MINOR << 32 | MAJOR;
  table[5] = (word)delete_object; /* of an error */
  table[6] = (word)error_message;
  table[7] = (word)error_code;
  table[8] = (word)succeed; /* initialise */
  table[10] = (word)delete_object; /* of an event */
  table[13] = (word)await_event;
  table[15] = (word)create_client;
  table[16] = (word)delete_object; /* of a client */
  table[17] = (word)platform_name;
  table[19] = (word)platform_version;
  table[21] = (word)three_devices;
  table[25] = (word)compile;
  table[27] = (word)from_host;
  table[28] = (word)device_id;
  table[31] = (word)platform_name; /* a device's kind */
  table[32] = (word)platform_name; /* its description */
  table[34] = (word)description;
  table[39] = (word)device_memory;
  table[45] = (word)delete_object; /* of a program */
  table[49] = (word)one_output;
  table[55] = (word)delete_object; /* of a loaded program */
  table[56] = (word)get_executable;
  table[60] = (word)execute;
  table[63] = (word)delete_object; /* of an array */
  table[65] = (word)no_dimensions;
  table[75] = (word)to_host;
  table[87] = (word)create_topology;
  table[88] = (word)delete_object; /* of a topology */
  table[94] = (word)compile_for;
  table[101] = (word)memory;
  return (word)API;
}

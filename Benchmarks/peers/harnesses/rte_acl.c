// Times DPDK's rte_acl on a rule set and a list of keys, and writes its answers.
//
//   rte_acl EAL-OPTIONS -- RULES KEYS ANSWERS [PASSES]
//
// RULES: a line a rule, "protocol protocol-mask prefix first-port last-port ..."; the first that matches counts.
// KEYS: a line a packet, "protocol address port", the address as a number in host order.
// ANSWERS: one line a key, the number of the first rule that matches, counted from 0, or -1.
// Prints "algorithm <TAB> batch <TAB> nanoseconds a key", the median of PASSES passes in thread CPU time, and before that
// build time and memory. rte_acl wants whole groups of four bytes after its first field: a field that matches everything
// pads the port.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_acl.h>
#include <rte_eal.h>
#include <rte_malloc.h>

struct key {
  uint8_t protocol;
  uint8_t pad[3];
  uint32_t remote;
  uint16_t port;
  uint16_t unused;
};

enum { PROTOCOL, REMOTE, PORT, PAD, FIELDS };

static struct rte_acl_field_def fields[FIELDS] = {
    {RTE_ACL_FIELD_TYPE_BITMASK, 1, PROTOCOL, 0, offsetof(struct key, protocol)},
    {RTE_ACL_FIELD_TYPE_MASK, 4, REMOTE, 1, offsetof(struct key, remote)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, PORT, 2, offsetof(struct key, port)},
    {RTE_ACL_FIELD_TYPE_RANGE, 2, PAD, 2, offsetof(struct key, unused)},
};

RTE_ACL_RULE_DEF(rule, FIELDS);

static const struct {
  const char *name;
  enum rte_acl_classify_alg algorithm;
} algorithms[] = {
    {"scalar", RTE_ACL_CLASSIFY_SCALAR},         {"sse", RTE_ACL_CLASSIFY_SSE},
    {"avx2", RTE_ACL_CLASSIFY_AVX2},             {"avx512x16", RTE_ACL_CLASSIFY_AVX512X16},
    {"avx512x32", RTE_ACL_CLASSIFY_AVX512X32},
};

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static int ascending(const void *left, const void *right) {
  double a = *(const double *)left, b = *(const double *)right;
  return a < b ? -1 : a > b;
}

static void fail(const char *what) {
  fprintf(stderr, "rte_acl: %s\n", what);
  exit(2);
}

static struct rule *read_rules(const char *path, uint32_t *count) {
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot open the rules");
  struct rule *rules = NULL;
  uint32_t capacity = 0;
  unsigned protocol, mask, first, last;
  char prefix[64];
  *count = 0;
  while (fscanf(file, "%u %u %63s %u %u%*[^\n]", &protocol, &mask, prefix, &first, &last) == 5) {
    if (*count == capacity) {
      capacity = capacity ? 2 * capacity : 1024;
      rules = realloc(rules, capacity * sizeof *rules);
    }
    struct rule *rule = &rules[*count];
    memset(rule, 0, sizeof *rule);
    char *slash = strchr(prefix, '/');
    struct in_addr address;
    if (!slash) fail("a rule without a prefix length");
    *slash = 0;
    if (inet_pton(AF_INET, prefix, &address) != 1) fail("a rule without an address");
    rule->data.category_mask = 1;
    rule->data.priority = RTE_ACL_MAX_PRIORITY - *count;
    rule->data.userdata = *count + 1;
    rule->field[PROTOCOL].value.u8 = protocol;
    rule->field[PROTOCOL].mask_range.u8 = mask;
    rule->field[REMOTE].value.u32 = ntohl(address.s_addr);
    rule->field[REMOTE].mask_range.u32 = atoi(slash + 1);
    rule->field[PORT].value.u16 = first;
    rule->field[PORT].mask_range.u16 = last;
    rule->field[PAD].value.u16 = 0;
    rule->field[PAD].mask_range.u16 = UINT16_MAX;
    ++*count;
  }
  fclose(file);
  return rules;
}

static struct key *read_keys(const char *path, uint32_t *count) {
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot open the keys");
  struct key *keys = NULL;
  uint32_t capacity = 0;
  unsigned protocol, remote, port;
  *count = 0;
  while (fscanf(file, "%u %u %u", &protocol, &remote, &port) == 3) {
    if (*count == capacity) {
      capacity = capacity ? 2 * capacity : 65536;
      keys = realloc(keys, capacity * sizeof *keys);
    }
    keys[(*count)++] = (struct key){.protocol = protocol, .remote = htonl(remote), .port = htons(port)};
  }
  fclose(file);
  return keys;
}

int main(int argc, char **argv) {
  int used = rte_eal_init(argc, argv);
  if (used < 0) fail("cannot start DPDK");
  argc -= used;
  argv += used;
  if (argc < 4) fail("RULES KEYS ANSWERS [PASSES]");
  int passes = argc > 4 ? atoi(argv[4]) : 5;
  uint32_t rule_count, key_count;
  struct rule *rules = read_rules(argv[1], &rule_count);
  struct key *keys = read_keys(argv[2], &key_count);

  struct rte_malloc_socket_stats before, after;
  rte_malloc_get_socket_stats(0, &before);
  struct rte_acl_param parameters = {"rules", 0, RTE_ACL_RULE_SZ(FIELDS), rule_count};
  struct rte_acl_ctx *context = NULL;
  double *builds = malloc(passes * sizeof *builds);
  for (int pass = 0; pass < passes; pass++) {
    if (context) rte_acl_free(context);
    context = rte_acl_create(&parameters);
    if (!context) fail("no context");
    if (rte_acl_add_rules(context, (struct rte_acl_rule *)rules, rule_count)) fail("rules are not accepted");
    struct rte_acl_config config = {.num_categories = 1, .num_fields = FIELDS};
    memcpy(config.defs, fields, sizeof fields);
    double start = now(CLOCK_THREAD_CPUTIME_ID);
    if (rte_acl_build(context, &config)) fail("cannot build");
    builds[pass] = now(CLOCK_THREAD_CPUTIME_ID) - start;
  }
  rte_malloc_get_socket_stats(0, &after);
  qsort(builds, passes, sizeof *builds, ascending);
  // What the context itself holds of the rules (rule_count of them) is not part of the tables.
  printf("build\t%.0f\n", builds[passes / 2]);
  printf("memory\t%zu\n",
         after.heap_allocsz_bytes - before.heap_allocsz_bytes - rule_count * sizeof(struct rule));

  const uint8_t **pointers = malloc(key_count * sizeof *pointers);
  uint32_t *results = malloc(key_count * sizeof *results);
  for (uint32_t index = 0; index < key_count; index++) pointers[index] = (const uint8_t *)&keys[index];
  double *times = malloc(passes * sizeof *times);
  static const uint32_t batches[] = {1, 8, 32, 256};
  int written = 0;
  for (size_t a = 0; a < RTE_DIM(algorithms); a++) {
    if (rte_acl_set_ctx_classify(context, algorithms[a].algorithm)) continue;
    for (size_t b = 0; b < RTE_DIM(batches); b++) {
      uint32_t batch = batches[b];
      for (int pass = 0; pass < passes; pass++) {
        double start = now(CLOCK_THREAD_CPUTIME_ID);
        for (uint32_t index = 0; index < key_count; index += batch) {
          uint32_t count = key_count - index < batch ? key_count - index : batch;
          rte_acl_classify(context, pointers + index, results + index, count, 1);
        }
        times[pass] = (now(CLOCK_THREAD_CPUTIME_ID) - start) / key_count;
      }
      qsort(times, passes, sizeof *times, ascending);
      printf("%s\t%u\t%.2f\n", algorithms[a].name, batch, times[passes / 2]);
      if (!written) {
        FILE *answers = fopen(argv[3], "w");
        if (!answers) fail("cannot write the answers");
        for (uint32_t index = 0; index < key_count; index++) fprintf(answers, "%d\n", (int)results[index] - 1);
        fclose(answers);
        written = 1;
      }
    }
  }
  rte_eal_cleanup();
  return 0;
}
